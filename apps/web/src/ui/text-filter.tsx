import { Field, Input, makeStyles } from '@fluentui/react-components'
import { useEffect, useState } from 'react'

const TYPING_PAUSE_MS = 400

const useStyles = makeStyles({ input: { minWidth: 0 } })

interface Props {
  label: string
  hint?: string
  fault?: string | null
  maxLength: number
  value: string
  onValue: (value: string) => void
}

/** A field of a filter. It tells its text when typing pauses, and follows an address that something else changed. */
export function TextFilter({ label, hint, fault = null, maxLength, value, onValue }: Props) {
  const styles = useStyles()
  const [text, setText] = useState(value)
  const [lastValue, setLastValue] = useState(value)
  if (value !== lastValue) {
    setLastValue(value)
    if (value !== text.trim()) setText(value)
  }
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => onValue(text.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text, value, onValue])
  return (
    <Field label={label} validationMessage={fault} {...(hint && { hint })}>
      <Input
        type="search"
        maxLength={maxLength}
        className={styles.input}
        value={text}
        onChange={(_event, { value: typed }) => setText(typed)}
        onBlur={() => {
          if (text.trim() !== value) onValue(text.trim())
        }}
      />
    </Field>
  )
}
