import { ENGLISH } from '@inforiver-mail/contract/language/english'
import { CODE } from '@inforiver-mail/contract/wording'
import type { AdminCenters } from '../admin-centers.ts'
import { withoutCodes, worded, type Explanation, type Facts } from '../explanation.ts'
import { gatewayValues, type GatewayAnswer } from '../gateway-answer.ts'
import { firstSentence } from '../plain-text.ts'
import { ENTRA_CODES, sentencesOf, type EntraCode, type EntraProblemCode, type Stage } from './entra-codes.ts'
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

/** What is wrong with an answer; the `claim` is one of its id_token. */
export type UnexpectedAnswer =
  | 'neither-code-nor-error'
  | 'neither-consent-nor-error'
  | 'another-person'
  | 'unproved'
  | { readonly name: 'wrong-claim' | 'wrong-time'; readonly claim: string }

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
  const { leg, adminCenters, approvalLink } = context
  const row = findRow(refusal, leg)
  const kind = isRenewal(leg) ? renewalFailure(refusal) : consentProblem(refusal, row)
  const fitting = row !== null && isConsistent(row, kind, leg) ? row : null
  const name = fitting ? sentencesOf(fitting) : fallbackOf(kind, leg)
  const { aadstsCode } = refusal
  const quote = fitting ? null : quoteOf(refusal)
  const code = aadstsCode === null ? (fitting ? null : refusal.error) : `AADSTS${aadstsCode}`
  const detail = [`${name}.detail`, ...quoted(kind, { quote, code, isFallback: fitting === null, aadstsCode })]
  const facts = {
    ...(code !== null && { microsoftCode: code }),
    ...(quote !== null && { quote }),
    approvalLink,
    entra: adminCenters.entra,
    again: leg === 'sign-in' ? 'sign-in' : 'try',
  }
  return explain(
    { kind, title: `${name}.title`, detail, action: actionOf(name, kind, leg), facts },
    { adminCenters, aadstsCode, correlationId: refusal.correlationId, claims: refusal.claims },
  )
}

interface ExplainedAnswer {
  readonly adminCenters: AdminCenters
  readonly aadstsCode?: number | null
  readonly correlationId?: string | null
  readonly claims?: string | null
}

/** Every action has a link: where it has none yet, to Microsoft's page about the code or the kind of problem. */
function explain(
  text: { kind: Explanation['kind']; title: string; detail: string[]; action: string[]; facts: Facts },
  { adminCenters, aadstsCode = null, correlationId = null, claims = null }: ExplainedAnswer,
): Explanation {
  const { kind } = text
  const links = {
    ...text.facts,
    entra: adminCenters.entra,
    serviceStatus: adminCenters.serviceStatus,
    ...(aadstsCode !== null && { codePage: `${adminCenters.codePage}${aadstsCode}` }),
  }
  const without = worded({ ...links, title: text.title, detail: text.detail, action: text.action })
  const more = aadstsCode !== null ? 'code-page' : kind === 'microsoft-unavailable' ? 'service-status' : 'sign-in-logs'
  const action = /https?:\/\//.test(without.action) ? text.action : [...text.action, more]
  return {
    kind,
    ...worded({ ...links, title: text.title, detail: text.detail, action }),
    correlationId,
    aadstsCode,
    ...(claims !== null && { claims }),
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
export function explainUnexpectedAnswer(answer: UnexpectedAnswer, adminCenters: AdminCenters): Explanation {
  const { name, ...facts } = typeof answer === 'string' ? { name: answer } : answer
  return explain(
    {
      kind: 'unexpected-answer',
      title: 'entra-unexpected-answer.title',
      detail: [`unexpected.${name}`],
      action: ['check-proxy-again'],
      facts,
    },
    { adminCenters },
  )
}

/** Explains a request to Entra that got no answer. */
export function explainUnreachable(leg: Leg, adminCenters: AdminCenters): Explanation {
  return explain(
    {
      kind: 'microsoft-unavailable',
      title: 'entra-unreachable.title',
      detail: ['entra-unreachable.detail'],
      action: [isRenewal(leg) ? 'keeps-trying-alone' : 'check-way-to-microsoft'],
      facts: {},
    },
    { adminCenters },
  )
}

/** Explains that something else answered in Entra's place. The connection is kept. */
export function explainInterceptedSignIn(gateway: GatewayAnswer, leg: Leg, adminCenters: AdminCenters): Explanation {
  const { detail, ...facts } = gatewayValues(gateway)
  const action = ['check-gateway', isRenewal(leg) ? 'keeps-trying' : 'then-try-again']
  return withoutCodes('microsoft-unavailable', {
    title: 'intercepted.title',
    detail,
    action,
    ...facts,
    serviceStatus: adminCenters.serviceStatus,
  })
}

/** Explains that the token in AZURE_FEDERATED_TOKEN_FILE cannot be used. `fault` is a predicate about the file. */
export function explainTokenFile(fault: string, leg: Leg, { entra }: AdminCenters): Explanation {
  return withoutCodes('app-misconfigured', {
    title: 'token-file.title',
    detail: ['token-file.detail'],
    action: ['token-file.remedy', nextStep('app-misconfigured', leg).after],
    fault,
    entra,
  })
}

/** Explains a guest, or an account of another organisation. */
export function explainWrongAccount(what: 'guest' | 'other-organisation', { entra }: AdminCenters): Explanation {
  return withoutCodes('wrong-account', {
    title: 'entra-wrong-account.title',
    detail: [`wrong-account.${what}`],
    action: ['wrong-account.remedy'],
    entra,
  })
}

/** Explains that another person consented than the one whose access is used. */
export function explainOtherAccount(used: string, expected: string, { entra }: AdminCenters): Explanation {
  return withoutCodes('wrong-account', {
    title: 'other-account.title',
    detail: ['other-account.detail'],
    action: ['other-account.remedy'],
    used,
    expected,
    entra,
  })
}

/** Microsoft granted less than was asked for, or the sender needs one permission more. */
export function explainMissingPermissions(missing: readonly string[], approvalLink: string): Explanation {
  return withoutCodes('permission-missing', {
    title: 'entra-permission-missing.title',
    detail: ['permissions-not-granted'],
    action: ['entra-permission-missing.remedy-reader'],
    missing: [...missing],
    approvalLink,
    again: 'try',
  })
}

/** A refresh brought fewer permissions than the connection was made with. */
export function explainWithdrawnPermissions(missing: readonly string[], approvalLink: string): Explanation {
  const { values } = explainMissingPermissions(missing, approvalLink)
  const action = ['entra-permission-missing.remedy-others', RENEWAL_STEPS['reconnect-required'].after]
  return withoutCodes('reconnect-required', { ...values, action })
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

/** Quotes only Microsoft's first sentence: trace ids and advice to developers follow it. */
function quoteOf({ description }: EntraRefusal): string | null {
  const quote = firstSentence((description ?? '').replace(/^AADSTS\d+:\s*/, ''), MAX_QUOTE_CHARACTERS)
  return quote === '' ? null : quote
}

/** The sentences after the first: what Microsoft says itself, and its code. */
function quoted(
  kind: Explanation['kind'],
  {
    quote,
    code,
    isFallback,
    aadstsCode,
  }: { quote: string | null; code: string | null; isFallback: boolean; aadstsCode: number | null },
): string[] {
  if (!isFallback) return code === null ? [] : [CODE]
  if (quote !== null) return code === null ? ['quote'] : ['quote', CODE]
  // `access_denied` would add nothing to "the page was left".
  if (code === null || (kind === 'consent-cancelled' && aadstsCode === null)) return []
  return ['microsoft-code']
}

function actionOf(name: string, kind: EntraProblemCode | RenewalFailure, leg: Leg): string[] {
  const { alone, after } = nextStep(kind, leg)
  const remedies = [`${name}.remedy`, `${name}.remedy-${isRenewal(leg) ? 'others' : 'reader'}`]
  const remedy = remedies.find((sentence) => sentence in ENGLISH)
  if (remedy === undefined) return [alone]
  return ENGLISH[remedy]?.startsWith('{again}') ? [remedy] : [remedy, after]
}

interface NextStep {
  /** The sentence that is the whole action, where the row has no remedy. */
  readonly alone: string
  /** The one that follows a remedy. */
  readonly after: string
}

const RENEWAL_STEPS = {
  'reconnect-required': { alone: 'reconnect', after: 'then-reconnect' },
  'app-misconfigured': { alone: 'check-registration', after: 'connection-kept' },
  'microsoft-unavailable': { alone: 'keeps-trying-alone', after: 'keeps-trying' },
} as const satisfies Record<RenewalFailure, NextStep>

/** Without a person's tokens an administrator accepts, and nobody signs in. */
const RECONNECT_APPLICATION: NextStep = { alone: 'reconnect-application', after: 'then-reconnect-application' }

function nextStep(kind: EntraProblemCode | RenewalFailure, leg: Leg): NextStep {
  if (leg === 'application' && kind === 'reconnect-required') return RECONNECT_APPLICATION
  if (isRenewal(leg) && kind in RENEWAL_STEPS) return RENEWAL_STEPS[kind as RenewalFailure]
  const when = kind === 'microsoft-unavailable' ? '-later' : ''
  return leg === 'sign-in'
    ? { alone: `sign-in-again${when}`, after: 'then-sign-in-again' }
    : { alone: `try-again${when}`, after: 'then-try-again' }
}

/** The name under which the sentences stand of a refusal that no row explains. */
function fallbackOf(kind: EntraProblemCode | RenewalFailure, leg: Leg): string {
  return kind === 'consent-cancelled' && leg === 'sign-in' ? 'entra-not-signed-in' : `entra-${kind}`
}
