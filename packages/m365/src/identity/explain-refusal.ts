import { whetherOutage, type AdminPlaces } from '../admin-places.ts'
import { withCode, type Explanation } from '../explanation.ts'
import { firstSentence } from '../plain-text.ts'
import {
  AADSTS_HINTS,
  ACCEPT_OR_APPROVE,
  NOT_SIGNED_IN,
  SIGN_IN_LOGS,
  USE_MEMBER_ACCOUNT,
  type EntraProblemCode,
  type Hint,
  type Stage,
} from './aadsts-hints.ts'
import type { EntraRefusal } from './entra-refusal.ts'

/**
 * Where Entra refused: when somebody only signed in; on its page, when the code was redeemed or the consent of an
 * organisation proved; when the tokens were refreshed, or when the application asked for another token of its own.
 */
export type Leg = 'sign-in' | 'authorize' | 'redeem' | 'refresh' | 'application'

export interface RefusalContext {
  readonly leg: Leg
  /** Microsoft's page on which an Entra administrator approves the permissions once. */
  readonly approvalLink: string
  readonly places: AdminPlaces
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

/**
 * What a refusal means, who does what about it and where. Total: an unknown refusal is explained by `error` and
 * `suberror`.
 */
export function explainRefusal(refusal: EntraRefusal, context: RefusalContext): Explanation {
  const hint = findHint(refusal, context.leg)
  const kind = isRenewal(context.leg) ? refreshConsequence(refusal) : consentKind(refusal, hint)
  const fitting = hint !== null && describes(hint, kind, context.leg) ? hint : null
  const words = fitting ?? fallbackFor(kind, context.leg)
  return {
    kind,
    title: words.title,
    detail: fitting ? knownDetail(fitting, refusal) : fallbackDetail(words, kind, refusal),
    action: withLink(actionOf(words, kind, context), kind, refusal.aadstsCode, context.places),
    correlationId: refusal.correlationId,
    aadstsCode: refusal.aadstsCode,
    ...(refusal.claims !== null && { claims: refusal.claims }),
  }
}

/** The connection was proved before: what is refused now ends it, or does not. */
function isRenewal(leg: Leg): leg is 'refresh' | 'application' {
  return leg === 'refresh' || leg === 'application'
}

/** What a refused refresh means for the grant. A grant ends only on a clear word: everything doubtful passes. */
export function refreshConsequence(refusal: EntraRefusal): RefreshConsequence {
  if (isPassing(refusal)) return 'microsoft-unavailable'
  if (refusal.error !== null && ENDED.has(refusal.error)) return 'reconnect-required'
  if (refusal.error !== null && MISCONFIGURED.has(refusal.error)) return 'app-misconfigured'
  return 'microsoft-unavailable'
}

/** Neither a code nor an error came back, or not what was asked for. */
export function explainUnexpectedAnswer(detail: string, places: AdminPlaces): Explanation {
  const action =
    'Try again. If it happens again, whoever operates Inforiver Mail has to check that no proxy answers in place of Microsoft.'
  return plain('unexpected-answer', {
    title: 'Unexpected response from Microsoft',
    detail,
    action: withLink(action, 'unexpected-answer', null, places),
  })
}

export function explainUnreachable(leg: Leg, places: AdminPlaces): Explanation {
  const action = isRenewal(leg)
    ? REFRESH_ENDINGS['microsoft-unavailable'].alone
    : 'Try again in a few minutes. If it happens again, whoever operates Inforiver Mail has to check the proxy, the firewall and the certificates on the way to Microsoft.'
  return plain('microsoft-unavailable', {
    title: 'Microsoft could not be reached',
    detail: 'Microsoft’s sign-in service did not answer, or the connection to it broke.',
    action: withLink(action, 'microsoft-unavailable', null, places),
  })
}

/** A guest, or an account of another organisation. */
export function explainWrongAccount(detail: string, { entra }: AdminPlaces): Explanation {
  return plain('wrong-account', {
    title: 'This account cannot be used',
    detail,
    action: `Try again with a member account of your own organisation. An Entra administrator sees which those are in the ${entra} > Users.`,
  })
}

/** Microsoft granted less than was asked for, or the sender needs one permission more. */
export function explainMissingPermissions(missing: readonly string[], approvalLink: string): Explanation {
  const names = missing.join(', ')
  return plain('permission-missing', {
    title: 'A permission is missing',
    detail: `Sending needs what Microsoft has not granted: ${names}.`,
    action: fillIn(ACCEPT_OR_APPROVE.toReader, { approvalLink, again: 'Try again' }),
  })
}

/** A refresh brought less than the connection was proved with. */
export function explainWithdrawnPermissions(missing: readonly string[], approvalLink: string): Explanation {
  const action = `${fillIn(ACCEPT_OR_APPROVE.toOthers, { approvalLink })} ${REFRESH_ENDINGS['reconnect-required'].after}`
  return { ...explainMissingPermissions(missing, approvalLink), kind: 'reconnect-required', action }
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
  const stages = STAGES[leg]
  return AADSTS_HINTS.find(({ codes, only }) => codes.includes(code) && (!only || stages.includes(only))) ?? null
}

/** To sign in is the first half of a consent: what is said of a consent fits, where nothing is said of a sign-in. */
const STAGES: Readonly<Record<Leg, readonly Stage[]>> = {
  'sign-in': ['sign-in', 'consent'],
  authorize: ['consent'],
  redeem: ['consent'],
  refresh: ['refresh'],
  application: ['refresh'],
}

/** A hint whose number contradicts `error` is left aside: it would explain a state that is not there. */
function describes(hint: Hint, kind: EntraProblemCode | RefreshConsequence, leg: Leg): boolean {
  if (!isRenewal(leg)) return hint.kind === kind
  const ending = hint.kind !== 'app-misconfigured' && hint.kind !== 'microsoft-unavailable'
  return ending ? kind === 'reconnect-required' : hint.kind === kind
}

type Words = Pick<Hint, 'title' | 'detail' | 'remedy'>

function knownDetail({ detail }: Words, { aadstsCode }: EntraRefusal): string {
  return aadstsCode === null ? detail : withCode(detail, `AADSTS${aadstsCode}`)
}

/** Quotes no more than Microsoft's first sentence: what follows it are traces and advice to developers. */
function fallbackDetail(
  { detail }: Words,
  kind: Explanation['kind'],
  { aadstsCode, error, description }: EntraRefusal,
): string {
  const quote = firstSentence((description ?? '').replace(/^AADSTS\d+:\s*/, ''), MAX_QUOTE_CHARACTERS)
  const code = aadstsCode === null ? error : `AADSTS${aadstsCode}`
  // That somebody left the page is said already.
  if (quote === '' && kind === 'consent-cancelled' && aadstsCode === null) return detail
  if (quote === '') return code === null ? detail : `${detail} Microsoft’s code is ${code}.`
  const said = `${detail} Microsoft says: “${quote}”`
  return code === null ? said : withCode(said, code)
}

function actionOf(words: Words, kind: EntraProblemCode | RefreshConsequence, context: RefusalContext): string {
  const { alone, after } = endingOf(kind, context.leg)
  const { remedy } = words
  if (remedy === undefined) return alone
  const { approvalLink, places } = context
  const text = typeof remedy === 'string' ? remedy : isRenewal(context.leg) ? remedy.toOthers : remedy.toReader
  const again = context.leg === 'sign-in' ? 'Sign in again' : 'Try again'
  const action = fillIn(text, { approvalLink, entra: places.entra, again })
  return text.startsWith('{again}') ? action : `${action} ${after}`
}

/** Puts the addresses where a text names them in braces. */
function fillIn(text: string, addresses: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => addresses[name] ?? placeholder)
}

/** An action without an address leads to what Microsoft says of the number, or of the case. */
function withLink(action: string, kind: Explanation['kind'], aadstsCode: number | null, places: AdminPlaces): string {
  if (/https?:\/\//.test(action)) return action
  if (aadstsCode !== null)
    return `${action} Microsoft’s page about the code says more (${places.codePage}${aadstsCode}).`
  if (kind === 'microsoft-unavailable') return `${action} ${whetherOutage(places)}`
  return `${action} An Entra administrator may find more in the ${fillIn(SIGN_IN_LOGS, { entra: places.entra })}.`
}

interface Ending {
  readonly alone: string
  /** After a remedy. */
  readonly after: string
}

const REFRESH_ENDINGS = {
  'reconnect-required': {
    alone:
      'A workspace admin chooses Reconnect and signs in with the same account. Waiting messages then leave by themselves.',
    // With which account is for the remedy to say: it may be another one.
    after: 'Then a workspace admin chooses Reconnect and signs in. Waiting messages then leave by themselves.',
  },
  'app-misconfigured': {
    alone: 'Whoever operates Inforiver Mail checks the app registration. Waiting messages then leave by themselves.',
    after: 'The connection itself is kept: waiting messages then leave by themselves.',
  },
  'microsoft-unavailable': {
    alone: 'Nobody has to do anything: Inforiver Mail keeps trying.',
    after: 'Inforiver Mail keeps trying.',
  },
} as const satisfies Record<RefreshConsequence, Ending>

/** Nobody has signed in, so that nobody can sign in again. */
const APPLICATION_ENDING: Ending = {
  alone:
    'A workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
  after:
    'Then a workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
}

function endingOf(kind: EntraProblemCode | RefreshConsequence, leg: Leg): Ending {
  if (leg === 'application' && kind === 'reconnect-required') return APPLICATION_ENDING
  if (isRenewal(leg) && kind in REFRESH_ENDINGS) return REFRESH_ENDINGS[kind as RefreshConsequence]
  const when = kind === 'microsoft-unavailable' ? ' in a few minutes' : ''
  const again = leg === 'sign-in' ? 'sign in again' : 'try again'
  return { alone: `${again.charAt(0).toUpperCase()}${again.slice(1)}${when}.`, after: `Then ${again}.` }
}

function fallbackFor(kind: EntraProblemCode | RefreshConsequence, leg: Leg): Words {
  return kind === 'consent-cancelled' && leg === 'sign-in' ? NOT_SIGNED_IN : FALLBACKS[kind]
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
    remedy: USE_MEMBER_ACCOUNT,
  },
  'permission-missing': {
    title: 'A permission is missing',
    detail: 'Nobody has consented to the permissions that sending needs.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'access-blocked': {
    title: 'Microsoft stopped the sign-in',
    detail: 'A policy, or a step of the sign-in that was left out, stopped it.',
    remedy: `An Entra administrator finds the reason in the ${SIGN_IN_LOGS}.`,
  },
  'app-misconfigured': {
    title: 'The app registration does not fit',
    detail: 'Microsoft does not accept the app registration, or what Inforiver Mail asks of it.',
    remedy:
      'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret or certificate with the {entra} > App registrations.',
  },
  'microsoft-unavailable': {
    title: 'Microsoft is busy or out of order',
    detail: 'Microsoft’s sign-in service cannot answer at the moment.',
  },
  'microsoft-refused': { title: 'Microsoft refused', detail: 'Microsoft did not complete the sign-in.' },
  'unexpected-answer': {
    title: 'Unexpected response from Microsoft',
    detail: 'The answer held neither tokens nor an error.',
    remedy: 'Whoever operates Inforiver Mail checks that no proxy answers in place of Microsoft.',
  },
  'reconnect-required': {
    title: 'The connection has to be made again',
    detail: 'Microsoft does not accept the tokens any more.',
  },
}
