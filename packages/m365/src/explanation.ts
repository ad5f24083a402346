import type { ConsentProblem, ConsentProblemCode, SettingsProblem } from '@inforiver-mail/contract/consent-problem'

/** What went wrong at Microsoft and who does what about it, in sentences for an admin. */
export interface Explanation {
  readonly kind: ConsentProblemCode | 'reconnect-required'
  /** What happened, in a few words. */
  readonly title: string
  /** What happened, in a sentence or two; bounded plain text. */
  readonly detail: string
  /** Who does what, and where; contains at least one absolute URL. */
  readonly action: string
  readonly correlationId: string | null
  /** The number after `AADSTS`; null when Entra named none, or when the refusal came from Graph. */
  readonly aadstsCode: number | null
  /** A claims challenge, where Microsoft gave one: what the next sign-in has to ask for. It is shown to nobody. */
  readonly claims?: string
}

/** Names a code in a sentence; a sentence that ends with somebody's words has it after them. */
export function withCode(sentence: string, code: string): string {
  return `${sentence.replace(/\.$/, '')} (${code})${sentence.endsWith('.') ? '.' : ''}`
}

/** As the problem of a consent. A connection that has to be made again is, for a consent, simply refused. */
export function toConsentProblem({ kind, title, detail, action, correlationId }: Explanation): ConsentProblem {
  const code = kind === 'reconnect-required' ? 'microsoft-refused' : kind
  return { code, title, detail, action, correlationId }
}

/** As the problem of the settings; null for trouble that passes by itself. */
export function toSettingsProblem(explanation: Explanation): Omit<SettingsProblem, 'since'> | null {
  const { kind, title, detail, action, correlationId } = explanation
  if (kind === 'microsoft-unavailable') return null
  const code = kind === 'app-misconfigured' ? kind : 'reconnect-required'
  return { code, title, detail, action, correlationId }
}
