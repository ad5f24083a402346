import { Field, Input, makeStyles } from '@fluentui/react-components'
import { useTranslate } from '../language/language.tsx'
import { type DayRange, isBackwards } from './days.ts'

const useStyles = makeStyles({ input: { minWidth: 0 } }) // otherwise a date field is wider than a small screen

interface Props {
  days: DayRange
  onDays: (changes: Partial<DayRange>) => void
}

/** The two fields of a period of whole days. */
export function DayRangeFields({ days, onDays }: Props) {
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

/** A field of one day; empty for none. */
export function DayField({ label, day, fault = null, onDay }: DayFieldProps) {
  const styles = useStyles()
  return (
    <Field label={label} validationMessage={fault}>
      <Input type="date" className={styles.input} value={day} onChange={(_event, { value }) => onDay(value)} />
    </Field>
  )
}
