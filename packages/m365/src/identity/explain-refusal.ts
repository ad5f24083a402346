import type { Explanation } from '../explanation.ts'
import { firstSentence } from '../plain-text.ts'
import { AADSTS_HINTS, ACCEPT_OR_APPROVE, type EntraProblemCode, type Hint } from './aadsts-hints.ts'
import type { EntraRefusal } from './entra-refusal.ts'

/** Where Entra refused: on its page, when the code was redeemed, or when the tokens were refreshed. */
export type Leg = 'authorize' | 'redeem' | 'refresh'

export interface RefusalContext {
  readonly leg: Leg
  /** Microsoft's page on which an Entra administrator approves the permissions once. */
  readonly approvalLink: string
}

/** What becomes of a grant whose refresh was refused. */
export type RefreshConsequence = 'reconnect-required' | 'app-misconfigured' | 'microsoft-unavailable'

const MAX_QUOTE_CHARACTERS = 200

/** The person has to sign in again. RFC 6749 section 5.2, and Microsoft's words for "interaction required". */
const ENDED = new Set([
  'invalid_grant',
  'interaction_required',
  'consent_required',
  'login_required',
  'bad_token',
  'ui_not_allowed',
  'interrupted_user',
  'access_denied',
])

/** The app registration or our request is wrong; the person can do nothing about it. */
const MISCONFIGURED = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_response_type',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_request',
  'invalid_resource',
])

const PASSING = new Set(['server_error', 'temporarily_unavailable'])

/** Numbers that say "later" whatever `error` stands beside them: they may save a grant, never end one. */
const PASSING_CODES = new Set([50033, 50196, 90006, 90012, 90024, 90033, 90055, 90090])

/** To the number whose words fit. */
const SUBERROR_HINTS: ReadonlyMap<string, number> = new Map([
  ['basic_action', 50076],
  ['additional_action', 50079],
  ['message_only', 53003],
  ['user_password_expired', 50055],
  ['consent_required', 65001],
  ['bad_token', 70000],
  ['cancel', 65004],
])

/** What a refusal means and who does what about it. Total: an unknown refusal is explained by `error` and `suberror`. */
export function explainRefusal(refusal: EntraRefusal, context: RefusalContext): Explanation {
  const hint = findHint(refusal, context.leg)
  const kind = context.leg === 'refresh' ? refreshConsequence(refusal) : consentKind(refusal, hint)
  const fitting = hint !== null && describes(hint, kind, context.leg) ? hint : null
  const words = fitting ?? FALLBACKS[kind]
  return {
    kind,
    title: words.title,
    detail: fitting ? knownDetail(fitting, refusal) : fallbackDetail(words, refusal),
    action: actionOf(words, kind, context),
    correlationId: refusal.correlationId,
    aadstsCode: refusal.aadstsCode,
  }
}

/** What a refused refresh means for the grant. A grant ends only on a clear word: everything doubtful passes. */
export function refreshConsequence(refusal: EntraRefusal): RefreshConsequence {
  if (isPassing(refusal)) return 'microsoft-unavailable'
  if (refusal.error !== null && ENDED.has(refusal.error)) return 'reconnect-required'
  if (refusal.error !== null && MISCONFIGURED.has(refusal.error)) return 'app-misconfigured'
  return 'microsoft-unavailable'
}

/** Neither a code nor an error came back, or not what was asked for. */
export function explainUnexpectedAnswer(detail: string): Explanation {
  return plain('unexpected-answer', {
    title: 'The answer was not what Microsoft should send',
    detail,
    action: 'Try again. If it happens again, check that no proxy answers in place of Microsoft.',
  })
}

export function explainUnreachable(leg: Leg): Explanation {
  return plain('microsoft-unavailable', {
    title: 'Microsoft could not be reached',
    detail: 'Microsoft’s sign-in service did not answer, or the connection to it broke.',
    action:
      leg === 'refresh'
        ? REFRESH_ENDINGS['microsoft-unavailable'].alone
        : 'Try again in a few minutes. If it happens again, check the proxy, the firewall and the certificates on the way to Microsoft.',
  })
}

/** A guest, or an account of another organisation. */
export function explainWrongAccount(detail: string): Explanation {
  return plain('wrong-account', {
    title: 'This account cannot be used',
    detail,
    action: 'Try again and choose a member account of your own organisation on Microsoft’s page.',
  })
}

/** Microsoft granted less than was asked for, or the sender needs one permission more. */
export function explainMissingPermissions(missing: readonly string[], approvalLink: string): Explanation {
  const names = missing.join(', ')
  return plain('permission-missing', {
    title: 'A permission is missing',
    detail: `Sending needs what Microsoft has not granted: ${names}.`,
    action: `Try again. ${withLink(ACCEPT_OR_APPROVE, approvalLink)}`,
  })
}

/** Microsoft gave no refresh token, without which the connection would end within the hour. */
export function explainMissingRefreshToken(approvalLink: string): Explanation {
  return explainMissingPermissions(['offline_access'], approvalLink)
}

function plain(kind: Explanation['kind'], words: Pick<Explanation, 'title' | 'detail' | 'action'>): Explanation {
  return { kind, ...words, correlationId: null, aadstsCode: null }
}

function isPassing({ status, error, aadstsCode }: EntraRefusal): boolean {
  if (status !== null && (status === 429 || status >= 500)) return true
  if (aadstsCode !== null && PASSING_CODES.has(aadstsCode)) return true
  return error !== null && PASSING.has(error)
}

function consentKind(refusal: EntraRefusal, hint: Hint | null): EntraProblemCode {
  if (isPassing(refusal)) return 'microsoft-unavailable'
  if (hint) return hint.kind
  const { error } = refusal
  if (error === null) return 'unexpected-answer'
  if (error === 'access_denied' || error === 'consent_required') return 'consent-cancelled'
  if (error === 'permission_denied') return 'consent-cancelled' // the older admin consent endpoint
  if (MISCONFIGURED.has(error)) return 'app-misconfigured'
  if (error === 'interaction_required' || error === 'login_required') return 'access-blocked'
  return 'microsoft-refused'
}

function findHint({ aadstsCode, suberror }: EntraRefusal, leg: Leg): Hint | null {
  const byCode = aadstsCode === null ? null : hintFor(aadstsCode, leg)
  const byWord = suberror === null ? undefined : SUBERROR_HINTS.get(suberror)
  return byCode ?? (byWord === undefined ? null : hintFor(byWord, leg))
}

function hintFor(code: number, leg: Leg): Hint | null {
  const stage = leg === 'refresh' ? 'refresh' : 'consent'
  return AADSTS_HINTS.find((hint) => hint.codes.includes(code) && (hint.only ?? stage) === stage) ?? null
}

/** A hint whose number contradicts `error` is left aside: it would explain a state that is not there. */
function describes(hint: Hint, kind: EntraProblemCode | RefreshConsequence, leg: Leg): boolean {
  if (leg !== 'refresh') return hint.kind === kind
  const ending = hint.kind !== 'app-misconfigured' && hint.kind !== 'microsoft-unavailable'
  return ending ? kind === 'reconnect-required' : hint.kind === kind
}

type Words = Pick<Hint, 'title' | 'detail' | 'remedy'>

function knownDetail({ detail }: Words, { aadstsCode }: EntraRefusal): string {
  return aadstsCode === null ? detail : `${detail.replace(/\.$/, '')} (AADSTS${aadstsCode}).`
}

/** Quotes no more than Microsoft's first sentence: what follows it are traces and advice to developers. */
function fallbackDetail({ detail }: Words, { aadstsCode, error, description }: EntraRefusal): string {
  const quote = firstSentence((description ?? '').replace(/^AADSTS\d+:\s*/, ''), MAX_QUOTE_CHARACTERS)
  const code = aadstsCode === null ? error : `AADSTS${aadstsCode}`
  if (quote === '') return code === null ? detail : `${detail} Microsoft’s code is ${code}.`
  return `${detail} Microsoft says: “${quote}”${code === null ? '' : ` (${code})`}`
}

function actionOf(words: Words, kind: EntraProblemCode | RefreshConsequence, context: RefusalContext): string {
  const { alone, after } = endingOf(kind, context.leg)
  return words.remedy === undefined ? alone : `${withLink(words.remedy, context.approvalLink)} ${after}`
}

function withLink(text: string, approvalLink: string): string {
  return text.replace('{approvalLink}', () => approvalLink)
}

interface Ending {
  readonly alone: string
  /** After a remedy. */
  readonly after: string
}

const REFRESH_ENDINGS = {
  'reconnect-required': {
    alone: 'Choose Reconnect and sign in with the same account. Waiting messages then leave by themselves.',
    after: 'Then choose Reconnect and sign in with the same account. Waiting messages then leave by themselves.',
  },
  'app-misconfigured': {
    alone: 'Whoever operates Inforiver Mail checks the app registration. Waiting messages then leave by themselves.',
    after: 'The connection itself is kept: waiting messages then leave by themselves.',
  },
  'microsoft-unavailable': {
    alone: 'Nothing has to be done: Inforiver Mail keeps trying.',
    after: 'Inforiver Mail keeps trying.',
  },
} as const satisfies Record<RefreshConsequence, Ending>

function endingOf(kind: EntraProblemCode | RefreshConsequence, leg: Leg): Ending {
  if (leg === 'refresh' && kind in REFRESH_ENDINGS) return REFRESH_ENDINGS[kind as RefreshConsequence]
  const alone = kind === 'microsoft-unavailable' ? 'Try again in a few minutes.' : 'Try again.'
  return { alone, after: 'Then try again.' }
}

/** In words, where no number says anything better. */
const FALLBACKS: Readonly<Record<EntraProblemCode | RefreshConsequence, Words>> = {
  'consent-cancelled': {
    title: 'The consent was not completed',
    detail: 'Microsoft’s page was left without the permissions being accepted.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'admin-approval-required': {
    title: 'An administrator has to approve',
    detail: 'Your organisation lets only administrators approve these permissions.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'wrong-account': {
    title: 'This account cannot be used',
    detail: 'Microsoft does not let this account use the app.',
    remedy: 'Choose a member account of your own organisation on Microsoft’s page.',
  },
  'permission-missing': {
    title: 'A permission is missing',
    detail: 'Nobody has consented to the permissions that sending needs.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'access-blocked': {
    title: 'Microsoft stopped the sign-in',
    detail: 'A policy, or a step of the sign-in that was left out, stopped it.',
    remedy:
      'An Entra administrator finds the reason at Microsoft Entra admin center > Monitoring & health > Sign-in logs.',
  },
  'app-misconfigured': {
    title: 'The app registration does not fit',
    detail: 'Microsoft does not accept the app registration, or what Inforiver Mail asks of it.',
    remedy:
      'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET with Microsoft Entra admin center > App registrations.',
  },
  'microsoft-unavailable': {
    title: 'Microsoft is busy or out of order',
    detail: 'Microsoft’s sign-in service cannot answer at the moment.',
  },
  'microsoft-refused': { title: 'Microsoft refused', detail: 'Microsoft did not complete the sign-in.' },
  'unexpected-answer': {
    title: 'The answer was not what Microsoft should send',
    detail: 'The answer held neither tokens nor an error.',
    remedy: 'Check that no proxy answers in place of Microsoft.',
  },
  'reconnect-required': {
    title: 'The connection has to be made again',
    detail: 'Microsoft does not accept the tokens any more.',
  },
}
