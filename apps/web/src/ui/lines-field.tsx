import { Field, Textarea } from '@fluentui/react-components'
import type { Ref } from 'react'

interface Props {
  label: string
  hint: string
  /** What is wrong with the entries; null where nothing is, or nobody should hear of it yet. */
  fault: string | null
  value: string
  onValue: (value: string) => void
  rows?: number
  onBlur?: () => void
  textarea?: Ref<HTMLTextAreaElement>
}

/** A field of several entries, such as domains, one a line. */
export function LinesField({ label, hint, fault, value, onValue, rows, onBlur, textarea }: Props) {
  return (
    <Field label={label} hint={hint} validationState={fault ? 'error' : 'none'} validationMessage={fault}>
      <Textarea
        {...(textarea && { textarea: { ref: textarea } })}
        {...(rows !== undefined && { rows, resize: 'vertical' as const })}
        {...(onBlur && { onBlur })}
        autoCapitalize="none"
        spellCheck={false}
        value={value}
        onChange={(_event, { value: entered }) => onValue(entered)}
      />
    </Field>
  )
}
