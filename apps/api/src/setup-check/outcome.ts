import { checks } from '@inforiver-mail/contract/language/en/checks'
import { CheckId, STATUS_OF_CHECK, type Check, type CheckCode } from '@inforiver-mail/contract/setup-check'
import type { Values } from '@inforiver-mail/contract/values'
import { fillIn, type Sentences } from '@inforiver-mail/contract/wording'

/** What a check found. Its code decides the status. */
export interface Outcome {
  readonly code: CheckCode
  readonly values: Values
  /** Takes the place of the code's own text, where Microsoft's answer is explained already. */
  readonly text?: Pick<Check, 'title' | 'detail' | 'action'>
}

export function found(code: CheckCode, values: Values = {}): Outcome {
  return { code, values }
}

const TEXTS: Sentences = checks

/** Describes what a check found, by the text of its code or by that of Microsoft's answer. */
export function describeOutcome(id: CheckId, { code, values, text }: Outcome): Check {
  const action = TEXTS[`${code}.action`]
  return {
    id,
    status: STATUS_OF_CHECK[code],
    code,
    values,
    title: text?.title ?? fillIn(checks[`${code}.title`], values),
    detail: text?.detail ?? fillIn(checks[`${code}.detail`], values),
    action: text?.action ?? (action === undefined ? null : fillIn(action, values)),
  }
}

/** Reports the faults of a configuration that cannot be used. Everything else depends on it, and is skipped. */
export function checksOfFaultyConfiguration(faults: readonly string[]): Check[] {
  // A faulty configuration does not tell whether the SMTP door is on.
  return CheckId.exclude(['smtp']).options.map((id) =>
    describeOutcome(
      id,
      id === 'configuration' ? found('configuration-faults', { faults: [...faults] }) : found('configuration-faulty'),
    ),
  )
}
