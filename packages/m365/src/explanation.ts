import type { ConsentProblem, ConsentProblemCode, ConnectionProblem } from '@inforiver-mail/contract/consent-problem'
import { ENGLISH } from '@inforiver-mail/contract/language/english'
import type { Values } from '@inforiver-mail/contract/values'
import { fillIn, wordValues, type WordedText } from '@inforiver-mail/contract/wording'

/** Explains to an admin what went wrong at Microsoft, and who does what about it. */
export interface Explanation {
  readonly kind: ConsentProblemCode | 'reconnect-required'
  /** A short heading without a full stop. */
  readonly title: string
  /** What happened, in one or two sentences of bounded plain text. */
  readonly detail: string
  /** Who does what, and where; contains at least one absolute URL. */
  readonly action: string
  /** Names the sentences of the three, and what is filled into them. */
  readonly values: Values
  readonly correlationId: string | null
  /** The number after `AADSTS`; null when Entra gave none, and for a refusal by Graph. */
  readonly aadstsCode: number | null
  /** A claims challenge from Microsoft, which the next sign-in has to pass on. It is never shown. */
  readonly claims?: string
}

export type Facts = Values

const AGAIN: Readonly<Record<string, string>> = { 'sign-in': 'Sign in again', try: 'Try again' }

/** Words in English what the values name. */
export function worded(values: Values): WordedText & { values: Values } {
  const filled = { ...values, again: AGAIN[String(values['again'])] ?? null }
  const text = wordValues(values, (name) => {
    const sentence = ENGLISH[name]
    return sentence === undefined ? null : fillIn(sentence, filled)
  })
  const { title = '', detail = '', action = '' } = text ?? {}
  return { title, detail, action, values }
}

/** An explanation of what no answer of Microsoft has a code or an id for. */
export function withoutCodes(kind: Explanation['kind'], values: Facts): Explanation {
  return { kind, ...worded(values), correlationId: null, aadstsCode: null }
}

/** Converts to the problem of a consent, for which `reconnect-required` is just a refusal. */
export function toConsentProblem(explanation: Explanation): ConsentProblem {
  const { kind, values, title, detail, action, correlationId } = explanation
  const code = kind === 'reconnect-required' ? 'microsoft-refused' : kind
  return { code, values, title, detail, action, correlationId }
}

/** Converts to the problem of the settings; null for an outage, which is no problem of theirs. */
export function toSettingsProblem(explanation: Explanation): Omit<ConnectionProblem, 'since'> | null {
  const { kind, values, title, detail, action, correlationId } = explanation
  if (kind === 'microsoft-unavailable') return null
  const code = kind === 'app-misconfigured' ? kind : 'reconnect-required'
  return { code, values, title, detail, action, correlationId }
}
