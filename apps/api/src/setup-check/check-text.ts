import { checks } from '@inforiver-mail/contract/language/en/checks'
import { STATUS_OF_CHECK, type Check, type CheckId } from '@inforiver-mail/contract/setup-check'
import { fillIn, type Sentences } from '@inforiver-mail/contract/wording'
import type { Outcome } from './outcome.ts'

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
