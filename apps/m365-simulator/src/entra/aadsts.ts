import type { FastifyRequest } from 'fastify'
import type { Effect } from '../faults/scenario.ts'

/** What usually comes with a code; a scenario may send it with something else. */
interface CatalogueEntry {
  readonly error: string
  readonly suberror: string | null
  readonly status: number
  readonly text: string
}

/**
 * Entra's numbered errors that the simulator or one of its presets returns. The texts follow
 * learn.microsoft.com/entra/identity-platform/reference-error-codes; clients must not parse them.
 */
const AADSTS = {
  ...entries('access_denied', 400, null, {
    50020: "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}'.",
    50105: 'The signed-in user is not assigned to a role for the application.',
    65004: 'User declined to consent to access the app.',
    90094: 'An administrator of {1} must consent to the application {0} before it can be used.',
  }),
  ...entries('invalid_client', 400, null, {
    500112: "The reply address '{0}' does not match '{1}' provided when requesting Authorization code.",
    650053: "The application '{0}' asked for scope '{1}' that doesn't exist on Microsoft Graph.",
  }),
  ...entries('invalid_client', 401, null, {
    50012: 'Authentication failed: the certificate or the client assertion cannot be used. {0}',
    50027: 'The JWT token is not valid: {0}',
    700021: "Client assertion application identifier doesn't match 'client_id' parameter.",
    700023: 'Client assertion audience claim does not match Realm issuer.',
    700024: 'Client assertion is not within its valid time range.',
    700027: 'The certificate used to sign the client assertion is not registered on application. {0}',
    700211: "No matching federated identity record found for presented assertion issuer '{0}'.",
    700212: "No matching federated identity record found for presented assertion audience '{0}'.",
    700213: "No matching federated identity record found for presented assertion subject '{0}'.",
    700030: "Invalid certificate - subject name in certificate isn't authorized.",
    7000215: "Invalid client secret provided for app '{0}'. Send the secret's value, not its ID.",
    7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    7000222: "The provided client secret keys for app '{0}' are expired.",
  }),
  ...entries('invalid_grant', 400, null, {
    50034: 'The user account does not exist in the directory.',
    54005: 'OAuth2 Authorization code was already redeemed.',
    70000: "The provided value for the input parameter '{0}' is not valid.",
    70008: 'The provided authorization code or refresh token has expired due to inactivity.',
    501481: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    700082: 'The refresh token, issued on {0}, has expired due to inactivity for 90.00:00:00.',
  }),
  ...entries('invalid_grant', 400, 'bad_token', {
    50173: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
    70043: 'The refresh token has expired or is invalid due to sign-in frequency checks.',
  }),
  ...entries('invalid_grant', 400, 'basic_action', {
    50076: 'Due to a configuration change, you must use multi-factor authentication.',
  }),
  ...entries('invalid_grant', 400, 'consent_required', {
    65001: "The user or administrator has not consented to use the application with ID '{0}' named '{1}'.",
  }),
  ...entries('invalid_grant', 400, 'message_only', {
    53003: 'Access has been blocked by Conditional Access policies.',
  }),
  ...entries('invalid_request', 400, null, {
    50011: "The redirect URI '{0}' does not match the redirect URIs configured for the application '{1}'.",
    70021: 'No matching federated identity record found for presented assertion.',
    90002: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID.",
    90023: "Unsupported '{0}' value.",
    501491: 'Invalid size of Code_Challenge parameter.',
    900144: "The request body must contain the following parameter: '{0}'.",
    9000411: "The request is not properly formatted. The parameter '{0}' is duplicated.",
    9002313: 'Invalid request. Request is malformed or invalid. {0}',
  }),
  ...entries('invalid_resource', 400, null, {
    500011: 'The resource principal named {0} was not found in the tenant named {1}.',
  }),
  ...entries('login_required', 400, null, {
    50058: 'A silent sign-in request was sent but no user is signed in.',
  }),
  ...entries('invalid_scope', 400, null, {
    70011: "The provided value for the input parameter 'scope' is not valid. {0}",
    1002012: 'Client credential flows must have /.default of one resource as scope, not {0}.',
  }),
  ...entries('unauthorized_client', 400, null, {
    700016: "Application with identifier '{0}' was not found in the directory '{1}'.",
  }),
  ...entries('unsupported_grant_type', 400, null, {
    70003: "The app requested an unsupported grant type '{0}'.",
  }),
  ...entries('unsupported_response_type', 400, null, {
    700051: "response_type '{0}' is not enabled for the application.",
  }),
}

type AadstsCode = keyof typeof AADSTS

function entries<Code extends number>(
  error: string,
  status: number,
  suberror: string | null,
  texts: Readonly<Record<Code, string>>,
): Readonly<Record<Code, CatalogueEntry>> {
  const all = Object.entries<string>(texts).map(([code, text]) => [code, { error, status, suberror, text }])
  return Object.fromEntries(all) as Record<Code, CatalogueEntry>
}

/** An error as Entra returns or shows it. */
export class EntraError extends Error {
  readonly code: number
  readonly sent: CatalogueEntry
  /** JSON of a claims challenge. */
  readonly claims: string | null

  constructor(code: number, sent: CatalogueEntry, claims: string | null = null) {
    super(sent.text)
    this.code = code
    this.sent = sent
    this.claims = claims
  }
}

/** Names and values of a query or form, in order. */
export type Parameters = readonly (readonly [name: string, value: string])[]

/** @param values replace `{0}`, `{1}` … in the text */
export function entraError(
  code: AadstsCode,
  values: readonly string[] = [],
  other: Partial<CatalogueEntry> = {},
): EntraError {
  const text = AADSTS[code].text.replace(/\{(\d)\}/g, (_match, position: string) => values[Number(position)] ?? '')
  return new EntraError(code, { ...AADSTS[code], text: text.trim(), ...other })
}

/** The error that a scenario asks for: any code, sent with anything. */
export function scenarioError(
  {
    kind: _kind,
    at: _at,
    untilClaimsAreAskedFor: _until,
    code,
    claims,
    ...other
  }: Extract<Effect, { kind: 'entra-error' }>,
  values: readonly string[],
): EntraError {
  const usual = isCatalogued(code) ? entraError(code, values).sent : UNKNOWN
  return new EntraError(code, { ...usual, ...other }, claims)
}

/** What comes with a code that the table does not have. */
const UNKNOWN: CatalogueEntry = { error: 'invalid_request', suberror: null, status: 400, text: 'Scenario.' }

function isCatalogued(code: number): code is AadstsCode {
  return Object.hasOwn(AADSTS, code)
}

/** The ids and the time that an answer of Entra names. */
export function correlate({ facts }: FastifyRequest) {
  const { requestId, clientRequestId = '', startedAt } = facts
  const isGuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientRequestId)
  return {
    traceId: requestId,
    correlationId: isGuid ? clientRequestId : requestId,
    timestamp: startedAt.toISOString().replace(/T(.+)\.\d+Z$/, ' $1Z'),
  }
}

function describeError({ code, message }: EntraError, request: FastifyRequest): string {
  const { traceId, correlationId, timestamp } = correlate(request)
  const ids = [`Trace ID: ${traceId}`, `Correlation ID: ${correlationId}`, `Timestamp: ${timestamp}`]
  return [`AADSTS${code}: ${message}`, ...ids].join('\r\n')
}

/** Writes the JSON body of a refused token request. */
export function errorBody(error: EntraError, request: FastifyRequest): Record<string, unknown> {
  const { traceId, correlationId, timestamp } = correlate(request)
  return {
    ...Object.fromEntries(errorParameters(error, request)),
    error_codes: [error.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
  }
}

/** The parameters that a refused authorization request sends to the redirect URI. */
export function errorParameters(error: EntraError, request: FastifyRequest): Parameters {
  return [
    ['error', error.sent.error],
    ['error_description', describeError(error, request)],
    ['error_uri', `https://login.microsoftonline.com/error?code=${error.code}`],
    ...(error.sent.suberror === null ? [] : [['suberror', error.sent.suberror] as const]),
    ...(error.claims === null ? [] : [['claims', error.claims] as const]),
  ]
}
