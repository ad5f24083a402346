import { Checkbox, Field, Input, makeStyles, Select, Textarea, tokens } from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { useTranslate } from '../language/language.tsx'
import { beginningOf, type DayRange, isBackwards, LAST_DAY, readDay } from './days.ts'
import type { TimeFormat } from '../language/translate.ts'

const useStyles = makeStyles({
  input: { minWidth: 0 }, // otherwise a date field is wider than a small screen
  // Otherwise the longest option makes the field wider than a small screen.
  choice: { minWidth: 0, gridTemplateColumns: 'minmax(0, 1fr)', '& select': { minWidth: 0, width: '100%' } },
  group: { margin: 0, padding: 0, minWidth: 0, border: 'none' },
  // Aligns it with the field above.
  checkbox: { marginInlineStart: `calc(-1 * ${tokens.spacingHorizontalS})` },
  // Aligns the hint with the label of the checkbox, which is 16 pixels wide.
  checkboxHint: { marginTop: 0, paddingInlineStart: `calc(16px + ${tokens.spacingHorizontalM})` },
})

const TYPING_PAUSE_MS = 400

interface DayRangeProps {
  days: DayRange
  onDays: (changes: Partial<DayRange>) => void
}

/** A field for names and addresses, which no browser completes or corrects. */
export const AS_TYPED = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false } as const

/** The two fields of a period of whole days. */
export function DayRangeFields({ days, onDays }: DayRangeProps) {
  const t = useTranslate()
  return (
    <>
      <DayField label={t('days.from')} day={days.fromDay} onDay={(fromDay) => onDays({ fromDay })} />
      <DayField
        label={t('days.to')}
        day={days.toDay}
        fault={isBackwards(days) ? t('days.backwards') : null}
        onDay={(toDay) => onDays({ toDay })}
      />
    </>
  )
}

interface DayFieldProps {
  label: string
  day: string
  fault?: string | null
  onDay: (day: string) => void
}

/**
 * A field of one day; empty for none. A year is typed digit by digit, as 0002, 0020, 0202 and 2026: the field keeps what is
 * no day yet, and only a day is told.
 */
export function DayField({ label, day, fault = null, onDay }: DayFieldProps) {
  const styles = useStyles()
  const [typed, setTyped] = useState<string | null>(null)
  const chosen = useChosenTime(day === '' ? null : beginningOf(day), 'day')
  return (
    <Field label={label} validationMessage={fault} {...(chosen !== null && { hint: chosen })}>
      <Input
        type="date"
        max={LAST_DAY}
        className={styles.input}
        value={typed ?? day}
        onChange={(_event, { value }) => {
          const isDay = readDay(value) === value
          setTyped(isDay ? null : value)
          if (isDay && value !== day) onDay(value)
        }}
        onBlur={() => setTyped(null)}
      />
    </Field>
  )
}

interface TextFilterProps {
  label: string
  hint?: string
  fault?: string | null
  maxLength: number
  value: string
  onValue: (value: string) => void
}

/** A field of a filter. It tells its text when typing pauses, and follows an address that something else changed. */
export function TextFilter({ label, hint, fault = null, maxLength, value, onValue }: TextFilterProps) {
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

interface Props {
  label: string
  hint: string
  /** What is wrong with the entries; null where nothing is, or nobody should hear of it yet. */
  fault: string | null
  value: string
  onValue: (value: string) => void
  rows?: number
  onBlur?: () => void
}

/** A field of several entries, such as domains, one a line. */
export function LinesField({ label, hint, fault, value, onValue, rows, onBlur }: Props) {
  return (
    <Field label={label} hint={hint} validationMessage={fault}>
      <Textarea
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

interface ChoiceFieldProps<Option extends string> {
  label: string
  options: readonly Option[]
  nameOf: (option: Option) => string
  /** Stands for no option; without it, one is always chosen. */
  none?: string
  /** Empty for none. */
  value: Option | ''
  onValue: (value: Option | '') => void
}

/** A field in which one option is chosen. */
export function ChoiceField<Option extends string>(props: ChoiceFieldProps<Option>) {
  const { label, options, nameOf, none, value, onValue } = props
  const styles = useStyles()
  return (
    <Field label={label} className={styles.choice}>
      <Select
        value={value}
        onChange={(_event, { value: chosen }) => onValue(options.find((option) => option === chosen) ?? '')}
      >
        {none !== undefined && <option value="">{none}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {nameOf(option)}
          </option>
        ))}
      </Select>
    </Field>
  )
}

interface CheckboxesFieldProps<Option extends string> {
  label: string
  hint?: string
  fault: string | null
  options: readonly Option[]
  nameOf: (option: Option) => string
  hintOf?: (option: Option) => string
  /** May hold others than `options`, which stay. */
  chosen: readonly Option[]
  onChosen: (chosen: readonly Option[]) => void
}

/** A field in which any of the options are chosen. */
export function CheckboxesField<Option extends string>(props: CheckboxesFieldProps<Option>) {
  const { label, hint, fault, options, nameOf, hintOf, chosen, onChosen } = props
  const styles = useStyles()
  return (
    <Field label={label} {...(hint !== undefined && { hint })} validationMessage={fault}>
      {(group) => (
        <fieldset
          className={styles.group}
          aria-labelledby={group['aria-labelledby']}
          aria-describedby={group['aria-describedby']}
          data-faulty={fault !== null || undefined}
        >
          {options.map((option) => (
            <Field key={option} {...(hintOf && { hint: { className: styles.checkboxHint, children: hintOf(option) } })}>
              <Checkbox
                className={styles.checkbox}
                label={nameOf(option)}
                checked={chosen.includes(option)}
                onChange={(_event, { checked }) =>
                  onChosen(checked ? [...chosen, option] : chosen.filter((other) => other !== option))
                }
              />
            </Field>
          ))}
        </fieldset>
      )}
    </Field>
  )
}

/**
 * Writes what is chosen in a field for a day or a time as the page writes it: the field itself follows the browser's
 * language. Null where both are the same, or nothing is chosen.
 */
export function useChosenTime(chosen: Date | null, format: TimeFormat): string | null {
  const t = useTranslate()
  const ofBrowser = navigator.language.toLowerCase().split('-')[0]
  if (chosen === null || Number.isNaN(chosen.getTime()) || ofBrowser === t.language) return null
  return t.time(chosen, format)
}
