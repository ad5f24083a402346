import type { ConsentProblem, ConsentProblemCode, ConnectionProblem } from '@inforiver-mail/contract/consent-problem'

/** Explains to an admin what went wrong at Microsoft, and who does what about it. */
export interface Explanation {
  readonly kind: ConsentProblemCode | 'reconnect-required'
  /** A short heading without a full stop. */
  readonly title: string
  /** What happened, in one or two sentences of bounded plain text. */
  readonly detail: string
  /** Who does what, and where; contains at least one absolute URL. */
  readonly action: string
  readonly correlationId: string | null
  /** The number after `AADSTS`; null when Entra gave none, and for a refusal by Graph. */
  readonly aadstsCode: number | null
  /** A claims challenge from Microsoft, which the next sign-in has to pass on. It is never shown. */
  readonly claims?: string
}

/** Inserts a code before the full stop of a sentence, or appends it when the sentence ends with a quotation. */
export function withCode(sentence: string, code: string): string {
  return `${sentence.replace(/\.$/, '')} (${code})${sentence.endsWith('.') ? '.' : ''}`
}

/** Converts to the problem of a consent, for which `reconnect-required` is just a refusal. */
export function toConsentProblem({ kind, title, detail, action, correlationId }: Explanation): ConsentProblem {
  const code = kind === 'reconnect-required' ? 'microsoft-refused' : kind
  return { code, values: {}, title, detail, action, correlationId }
}

/** Converts to the problem of the settings; null for an outage, which is no problem of theirs. */
export function toSettingsProblem(explanation: Explanation): Omit<ConnectionProblem, 'since'> | null {
  const { kind, title, detail, action, correlationId } = explanation
  if (kind === 'microsoft-unavailable') return null
  const code = kind === 'app-misconfigured' ? kind : 'reconnect-required'
  return { code, values: {}, title, detail, action, correlationId }
}
