import { outageSentence, type AdminCenters } from '../admin-centers.ts'
import { withCode, type Explanation } from '../explanation.ts'
import { firstSentence } from '../plain-text.ts'
import {
  ACCEPT_OR_APPROVE,
  ENTRA_CODES,
  FEDERATED_CREDENTIALS,
  NOT_SIGNED_IN,
  SIGN_IN_LOGS,
  USE_MEMBER_ACCOUNT,
  type EntraCode,
  type EntraProblemCode,
  type Stage,
} from './entra-codes.ts'
import type { EntraRefusal } from './entra-refusal.ts'

/**
 * Which request Entra refused:
 *
 * - `sign-in`: the code of a person who only signs in
 * - `authorize`: the consent page itself
 * - `redeem`: the code of a consent, or the first application token that proves one
 * - `refresh`: the refresh token of an existing connection
 * - `application`: another token for an existing connection without a person
 */
export type Leg = 'sign-in' | 'authorize' | 'redeem' | 'refresh' | 'application'

export interface RefusalContext {
  readonly leg: Leg
  /** The page on which an Entra administrator approves the permissions once. */
  readonly approvalLink: string
  readonly adminCenters: AdminCenters
}

/** What a refused renewal means for the connection. */
export type RenewalFailure = 'reconnect-required' | 'app-misconfigured' | 'microsoft-unavailable'

const MAX_QUOTE_CHARACTERS = 200

/** Only a new sign-in helps. RFC 6749 section 5.2, and Microsoft's variants of "interaction required". */
const SIGN_IN_REQUIRED = new Set([
  'invalid_grant',
  'interaction_required',
  'consent_required',
  'login_required',
  'bad_token',
  'ui_not_allowed',
  'interrupted_user',
  'access_denied',
])

/** The app registration or our request is wrong, and no sign-in can repair that. */
const MISCONFIGURED = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_response_type',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_request',
  'invalid_resource',
])

const UNAVAILABLE = new Set(['server_error', 'temporarily_unavailable'])

const UNAVAILABLE_CODES = new Set(
  ENTRA_CODES.filter(({ kind }) => kind === 'microsoft-unavailable').flatMap(({ codes }) => codes),
)

/** A sign-in is the first half of a consent, so the rows of a consent fit where there is none for a sign-in. */
const STAGES: Readonly<Record<Leg, readonly Stage[]>> = {
  'sign-in': ['sign-in', 'consent'],
  authorize: ['consent'],
  redeem: ['consent'],
  refresh: ['renewal'],
  application: ['renewal'],
}

/** Explains what a refusal means and who does what about it where. An unknown code falls back to `error`. */
export function explainRefusal(refusal: EntraRefusal, context: RefusalContext): Explanation {
  const { leg, adminCenters } = context
  const row = findRow(refusal, leg)
  const kind = isRenewal(leg) ? renewalFailure(refusal) : consentProblem(refusal, row)
  const fitting = row !== null && isConsistent(row, kind, leg) ? row : null
  const text = fitting ?? fallbackText(kind, leg)
  return {
    kind,
    title: text.title,
    detail: fitting ? withAadstsCode(fitting.detail, refusal) : quotingDetail(text.detail, kind, refusal),
    action: withLink(actionOf(text, kind, context), kind, refusal.aadstsCode, adminCenters),
    correlationId: refusal.correlationId,
    aadstsCode: refusal.aadstsCode,
    ...(refusal.claims !== null && { claims: refusal.claims }),
  }
}

function isRenewal(leg: Leg): leg is 'refresh' | 'application' {
  return leg === 'refresh' || leg === 'application'
}

/** What a refused renewal means. Only an unambiguous answer ends a connection; anything doubtful is an outage. */
export function renewalFailure(refusal: EntraRefusal): RenewalFailure {
  if (isUnavailable(refusal)) return 'microsoft-unavailable'
  if (refusal.error !== null && SIGN_IN_REQUIRED.has(refusal.error)) return 'reconnect-required'
  if (refusal.error !== null && MISCONFIGURED.has(refusal.error)) return 'app-misconfigured'
  return 'microsoft-unavailable'
}

/** Explains an answer that holds neither a code nor an error, or not what was asked for. */
export function explainUnexpectedAnswer(detail: string, adminCenters: AdminCenters): Explanation {
  const action =
    'Try again. If it happens again, whoever operates Inforiver Mail has to check that no proxy answers in place of Microsoft.'
  return withoutCodes('unexpected-answer', {
    title: FALLBACKS['unexpected-answer'].title,
    detail,
    action: withLink(action, 'unexpected-answer', null, adminCenters),
  })
}

/** Explains a request to Entra that got no answer. */
export function explainUnreachable(leg: Leg, adminCenters: AdminCenters): Explanation {
  const action = isRenewal(leg)
    ? RENEWAL_STEPS['microsoft-unavailable'].alone
    : 'Try again in a few minutes. If it happens again, whoever operates Inforiver Mail has to check the proxy, the firewall and the certificates on the way to Microsoft.'
  return withoutCodes('microsoft-unavailable', {
    title: 'Microsoft could not be reached',
    detail: 'Microsoft’s sign-in service did not answer, or the connection to it broke.',
    action: withLink(action, 'microsoft-unavailable', null, adminCenters),
  })
}

/** Explains that the token in AZURE_FEDERATED_TOKEN_FILE cannot be used. `fault` is a predicate about the file. */
export function explainTokenFile(fault: string, leg: Leg, { entra }: AdminCenters): Explanation {
  return withoutCodes('app-misconfigured', {
    title: 'There is no valid token for the app',
    detail: `The file of AZURE_FEDERATED_TOKEN_FILE ${fault}.`,
    action: `Whoever operates Inforiver Mail makes sure that the issuer of the federated credential (${fillIn(FEDERATED_CREDENTIALS, { entra })}) keeps a fresh token in that file. ${nextStep('app-misconfigured', leg).after}`,
  })
}

/** Explains a guest, or an account of another organisation. */
export function explainWrongAccount(detail: string, { entra }: AdminCenters): Explanation {
  return withoutCodes('wrong-account', {
    title: 'This account cannot be used',
    detail,
    action: `Try again with a member account of your own organisation. An Entra administrator sees which those are in the ${entra} > Users.`,
  })
}

/** Explains that another person consented than the one whose access is used. */
export function explainOtherAccount(used: string, expected: string, { entra }: AdminCenters): Explanation {
  return withoutCodes('wrong-account', {
    title: 'This is another account',
    detail: `${used} gave consent, but mail is sent with the access of ${expected}.`,
    action: `Try again and choose ${expected}. To send with another account, reconnect the mailbox with it first. An Entra administrator sees the accounts in the ${entra} > Users.`,
  })
}

/** Microsoft granted less than was asked for, or the sender needs one permission more. */
export function explainMissingPermissions(missing: readonly string[], approvalLink: string): Explanation {
  const names = missing.join(', ')
  return withoutCodes('permission-missing', {
    title: 'A permission is missing',
    detail: `Sending needs what Microsoft has not granted: ${names}.`,
    action: fillIn(ACCEPT_OR_APPROVE.toReader, { approvalLink, again: 'Try again' }),
  })
}

/** A refresh brought fewer permissions than the connection was made with. */
export function explainWithdrawnPermissions(missing: readonly string[], approvalLink: string): Explanation {
  const action = `${fillIn(ACCEPT_OR_APPROVE.toOthers, { approvalLink })} ${RENEWAL_STEPS['reconnect-required'].after}`
  return { ...explainMissingPermissions(missing, approvalLink), kind: 'reconnect-required', action }
}

/** Without a refresh token the connection would end within the hour. */
export function explainMissingRefreshToken(approvalLink: string): Explanation {
  return explainMissingPermissions(['offline_access'], approvalLink)
}

function withoutCodes(kind: Explanation['kind'], text: Pick<Explanation, 'title' | 'detail' | 'action'>): Explanation {
  return { kind, ...text, correlationId: null, aadstsCode: null }
}

function isUnavailable({ status, error, aadstsCode }: EntraRefusal): boolean {
  if (status !== null && (status === 429 || status >= 500)) return true
  if (aadstsCode !== null && UNAVAILABLE_CODES.has(aadstsCode)) return true
  return error !== null && UNAVAILABLE.has(error)
}

function consentProblem(refusal: EntraRefusal, row: EntraCode | null): EntraProblemCode {
  if (isUnavailable(refusal)) return 'microsoft-unavailable'
  if (row) return row.kind
  const { error } = refusal
  if (error === null) return 'unexpected-answer'
  if (error === 'access_denied' || error === 'consent_required') return 'consent-cancelled'
  if (error === 'permission_denied') return 'consent-cancelled' // the older admin consent endpoint
  if (MISCONFIGURED.has(error)) return 'app-misconfigured'
  if (error === 'interaction_required' || error === 'login_required') return 'access-blocked'
  return 'microsoft-refused'
}

function findRow({ aadstsCode, suberror }: EntraRefusal, leg: Leg): EntraCode | null {
  const rows = ENTRA_CODES.filter(({ only }) => !only || STAGES[leg].includes(only))
  const byCode = aadstsCode === null ? undefined : rows.find(({ codes }) => codes.includes(aadstsCode))
  const bySuberror = suberror === null ? undefined : rows.find(({ suberrors }) => suberrors?.includes(suberror))
  return byCode ?? bySuberror ?? null
}

/** `error` outranks the number: a row that contradicts it would describe a state that does not exist. */
function isConsistent(row: EntraCode, kind: EntraProblemCode | RenewalFailure, leg: Leg): boolean {
  if (!isRenewal(leg)) return row.kind === kind
  const endsConnection = row.kind !== 'app-misconfigured' && row.kind !== 'microsoft-unavailable'
  return endsConnection ? kind === 'reconnect-required' : row.kind === kind
}

type RefusalText = Pick<EntraCode, 'title' | 'detail' | 'remedy'>

function withAadstsCode(detail: string, { aadstsCode }: EntraRefusal): string {
  return aadstsCode === null ? detail : withCode(detail, `AADSTS${aadstsCode}`)
}

/** Quotes only Microsoft's first sentence: trace ids and advice to developers follow it. */
function quotingDetail(
  detail: string,
  kind: Explanation['kind'],
  { aadstsCode, error, description }: EntraRefusal,
): string {
  const quote = firstSentence((description ?? '').replace(/^AADSTS\d+:\s*/, ''), MAX_QUOTE_CHARACTERS)
  const code = aadstsCode === null ? error : `AADSTS${aadstsCode}`
  // `access_denied` would add nothing to "the page was left".
  if (quote === '' && kind === 'consent-cancelled' && aadstsCode === null) return detail
  if (quote === '') return code === null ? detail : `${detail} Microsoft’s code is ${code}.`
  const quoted = `${detail} Microsoft says: “${quote}”`
  return code === null ? quoted : withCode(quoted, code)
}

function actionOf({ remedy }: RefusalText, kind: EntraProblemCode | RenewalFailure, context: RefusalContext): string {
  const { leg, approvalLink, adminCenters } = context
  const { alone, after } = nextStep(kind, leg)
  if (remedy === undefined) return alone
  const template = typeof remedy === 'string' ? remedy : isRenewal(leg) ? remedy.toOthers : remedy.toReader
  const again = leg === 'sign-in' ? 'Sign in again' : 'Try again'
  const action = fillIn(template, { approvalLink, entra: adminCenters.entra, again })
  return template.startsWith('{again}') ? action : `${action} ${after}`
}

/** Replaces `{name}` by the value of that name. */
function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}

/** Every action has a link: where it has none yet, to Microsoft's page about the code or the kind of problem. */
function withLink(
  action: string,
  kind: Explanation['kind'],
  aadstsCode: number | null,
  adminCenters: AdminCenters,
): string {
  if (/https?:\/\//.test(action)) return action
  if (aadstsCode !== null)
    return `${action} Microsoft’s page about the code says more (${adminCenters.codePage}${aadstsCode}).`
  if (kind === 'microsoft-unavailable') return `${action} ${outageSentence(adminCenters)}`
  return `${action} An Entra administrator may find more in the ${fillIn(SIGN_IN_LOGS, { entra: adminCenters.entra })}.`
}

interface NextStep {
  /** The whole action, where the row has no remedy. */
  readonly alone: string
  /** What follows a remedy. */
  readonly after: string
}

const RENEWAL_STEPS = {
  'reconnect-required': {
    alone:
      'A workspace admin chooses Reconnect and signs in with the same account. Waiting messages then leave by themselves.',
    // The remedy may ask for another account, so this does not mention one.
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
} as const satisfies Record<RenewalFailure, NextStep>

/** Without a person's tokens an administrator accepts, and nobody signs in. */
const RECONNECT_APPLICATION: NextStep = {
  alone:
    'A workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
  after:
    'Then a workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
}

function nextStep(kind: EntraProblemCode | RenewalFailure, leg: Leg): NextStep {
  if (leg === 'application' && kind === 'reconnect-required') return RECONNECT_APPLICATION
  if (isRenewal(leg) && kind in RENEWAL_STEPS) return RENEWAL_STEPS[kind as RenewalFailure]
  const when = kind === 'microsoft-unavailable' ? ' in a few minutes' : ''
  const again = leg === 'sign-in' ? 'sign in again' : 'try again'
  return { alone: `${again.charAt(0).toUpperCase()}${again.slice(1)}${when}.`, after: `Then ${again}.` }
}

function fallbackText(kind: EntraProblemCode | RenewalFailure, leg: Leg): RefusalText {
  return kind === 'consent-cancelled' && leg === 'sign-in' ? NOT_SIGNED_IN : FALLBACKS[kind]
}

/** For refusals that no row of the table explains. */
const FALLBACKS: Readonly<Record<EntraProblemCode | RenewalFailure, RefusalText>> = {
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
      'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or federated credential with the {entra} > App registrations.',
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
