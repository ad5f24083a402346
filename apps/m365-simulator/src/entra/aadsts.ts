import { randomUUID } from 'node:crypto'
import type { Effect } from '../faults/scenario.ts'

interface CatalogueEntry {
  /** The code's usual error and suberror; a scenario may pair it with others. */
  readonly error: string
  readonly suberror: string | null
  readonly status: number
  readonly text: string
}

/**
 * Entra's numbered errors, as far as the simulator or one of its scenarios returns them. The texts follow
 * learn.microsoft.com/entra/identity-platform/reference-error-codes; clients must not parse them.
 */
export const AADSTS = {
  ...entries('access_denied', 400, null, {
    50020:
      "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application. The account needs to be added as an external user in the tenant first.",
    50105:
      'Your administrator has configured the application to block users unless they are specifically granted access to it. The signed-in user is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.',
    65004: 'User declined to consent to access the app.',
    90094: 'An administrator of {1} must consent to the application {0} before it can be used.',
    90095: 'An administrator must approve the application. An admin consent request can be sent.',
  }),
  ...entries('interaction_required', 400, null, {
    50131:
      'Conditional access failed. Request blocked due to suspicious activity, access policy, or security policy decisions.',
    50158: 'External security challenge was not satisfied.',
  }),
  ...entries('invalid_client', 400, null, {
    500112:
      "The reply address '{0}' does not match the reply address '{1}' provided when requesting Authorization code.",
    650053:
      "The application '{0}' asked for scope '{1}' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'.",
  }),
  ...entries('invalid_client', 401, null, {
    50012:
      'Authentication failed for one of the following reasons: the signing certificate isn’t valid, its thumbprint isn’t authorized, or the client assertion can’t be used. {0}',
    50027: 'The JWT token is not valid: {0}',
    700021: "Client assertion application identifier doesn't match 'client_id' parameter.",
    700023: 'Client assertion audience claim does not match Realm issuer.',
    700024: 'Client assertion is not within its valid time range.',
    700211:
      "No matching federated identity record found for presented assertion issuer '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    700212:
      "No matching federated identity record found for presented assertion audience '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    700213:
      "No matching federated identity record found for presented assertion subject '{0}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    700025: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    700027: 'The certificate with identifier used to sign the client assertion is not registered on application. {0}',
    700030: "Invalid certificate - subject name in certificate isn't authorized.",
    7000215:
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
    7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    7000222:
      "The provided client secret keys for app '{0}' are expired. Visit the Azure portal to create new keys for your app.",
  }),
  ...entries('invalid_grant', 400, null, {
    50034: 'The user account does not exist in the directory.',
    50053:
      'The account is locked because the user tried to sign in too many times with an incorrect user ID or password.',
    50057: 'The user account is disabled.',
    50132: 'The session is not valid because the password has expired or was recently changed.',
    50133: 'The session is not valid because the password has expired or was recently changed.',
    50196:
      'The server terminated an operation because it encountered a client request loop. Please contact your app vendor.',
    54005:
      'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
    70000: "The provided value for the input parameter '{0}' is not valid.",
    70008:
      'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
    501481: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    700005: 'The provided authorization code is intended for use against another tenant.',
    700082:
      'The refresh token has expired due to inactivity. The token was issued on {0} and was inactive for 90.00:00:00.',
    700084:
      'The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00.',
  }),
  ...entries('invalid_grant', 400, 'bad_token', {
    50173:
      'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
    70043: 'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.',
  }),
  ...entries('invalid_grant', 400, 'basic_action', {
    50072: 'Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.',
    50074: 'Strong authentication is required.',
    50076:
      'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication.',
    50078: 'Presented multi-factor authentication has expired due to policies configured by your administrator.',
    50079: 'Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.',
  }),
  ...entries('invalid_grant', 400, 'consent_required', {
    65001:
      "The user or administrator has not consented to use the application with ID '{0}' named '{1}'. Send an interactive authorization request for this user and resource.",
  }),
  ...entries('invalid_grant', 400, 'message_only', {
    53000: 'Your device is required to be managed to access this resource.',
    53003: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  }),
  ...entries('invalid_request', 400, null, {
    50011:
      "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'.",
    50147: 'Missing code_challenge parameter.',
    50194:
      "Application '{0}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
    70021:
      'No matching federated identity record found for presented assertion. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.',
    90002:
      "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
    90014: "The required field '{0}' is missing from the credential.",
    90023: "Unsupported '{0}' value.",
    501491: 'Invalid size of Code_Challenge parameter.',
    900144: "The request body must contain the following parameter: '{0}'.",
    900561: 'The endpoint only accepts POST requests. Received a {0} request.',
    9000411: "The request is not properly formatted. The parameter '{0}' is duplicated.",
    9002313: 'Invalid request. Request is malformed or invalid. {0}',
    9002326:
      "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{0}'.",
  }),
  ...entries('invalid_resource', 400, null, {
    65005: 'The application required resource access list does not contain applications discoverable by the resource.',
    500011: 'The resource principal named {0} was not found in the tenant named {1}.',
  }),
  ...entries('invalid_scope', 400, null, {
    70011: "The provided value for the input parameter 'scope' is not valid. {0}",
    700022: 'The provided value for the input parameter scope is not valid because it contains more than one resource.',
    1002012:
      'The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  }),
  ...entries('login_required', 400, null, {
    50058: 'A silent sign-in request was sent but no user is signed in.',
  }),
  ...entries('temporarily_unavailable', 400, null, {
    50033: 'A retryable error has occurred.',
  }),
  ...entries('temporarily_unavailable', 429, null, {
    90055: 'Server terminated the request due to too many requests.',
  }),
  ...entries('temporarily_unavailable', 503, null, {
    90033: 'A transient error has occurred. Please try again.',
  }),
  ...entries('unauthorized_client', 400, null, {
    70001: 'The application is disabled or was not found in the directory.',
    700016: "Application with identifier '{0}' was not found in the directory '{1}'.",
    7000112: "Application '{0}' is disabled.",
    9002332:
      "Application '{0}' is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request.",
  }),
  ...entries('unsupported_grant_type', 400, null, {
    70003: "The app requested an unsupported grant type '{0}'.",
  }),
  ...entries('unsupported_response_type', 400, null, {
    700051: "response_type '{0}' is not enabled for the application.",
    700054: "response_type 'id_token' is not enabled for the application.",
  }),
}

export type AadstsCode = keyof typeof AADSTS

function entries<Code extends number>(
  error: string,
  status: number,
  suberror: string | null,
  texts: Readonly<Record<Code, string>>,
): Readonly<Record<Code, CatalogueEntry>> {
  const all = Object.entries<string>(texts).map(([code, text]) => [code, { error, status, suberror, text }])
  return Object.fromEntries(all) as Record<Code, CatalogueEntry>
}

type EntraErrorEffect = Extract<Effect, { kind: 'entra-error' }>

/** An error as Entra returns or shows it. */
export class EntraError extends Error {
  readonly code: number
  readonly error: string
  readonly suberror: string | null
  readonly status: number
  /** JSON of a claims challenge. */
  readonly claims: string | null

  constructor(code: number, { error, suberror, status, text }: CatalogueEntry, claims: string | null = null) {
    super(text)
    this.code = code
    this.error = error
    this.suberror = suberror
    this.status = status
    this.claims = claims
  }
}

/** Names and values of a query or form, in order. */
export type Parameters = readonly (readonly [name: string, value: string])[]

export interface Correlation {
  readonly traceId: string
  readonly correlationId: string
  readonly at: Date
}

/** @param values replace `{0}`, `{1}` … in the text */
export function entraError(
  code: AadstsCode,
  values: readonly string[] = [],
  other: Partial<CatalogueEntry> = {},
): EntraError {
  const text = AADSTS[code].text.replace(/ ?\{(\d)\}/g, (match, position: string) => {
    const value = values[Number(position)] ?? ''
    return value !== '' && match.startsWith(' ') ? ` ${value}` : value
  })
  return new EntraError(code, { ...AADSTS[code], text, ...other })
}

/** The error that a scenario asks for: any code, paired with anything. */
export function scenarioError(effect: EntraErrorEffect, values: readonly string[]): EntraError {
  const { code, claims = null } = effect
  const usual = isCatalogued(code) ? entraError(code, values) : entraError(9002313)
  return new EntraError(
    code,
    {
      error: effect.error ?? usual.error,
      suberror: effect.suberror === undefined ? usual.suberror : effect.suberror,
      status: effect.status ?? usual.status,
      text: isCatalogued(code) ? usual.message : 'Scenario.',
    },
    claims,
  )
}

export function isCatalogued(code: number): code is AadstsCode {
  return Object.hasOwn(AADSTS, code)
}

/** @param clientRequestId becomes the correlation id when it is a GUID */
export function correlate(clientRequestId: string | undefined, at: Date): Correlation {
  const isGuid = clientRequestId !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientRequestId)
  return { traceId: randomUUID(), correlationId: isGuid ? clientRequestId : randomUUID(), at }
}

export function describeError(error: EntraError, correlation: Correlation): string {
  return [
    `AADSTS${error.code}: ${error.message}`,
    `Trace ID: ${correlation.traceId}`,
    `Correlation ID: ${correlation.correlationId}`,
    `Timestamp: ${entraTimestamp(correlation.at)}`,
  ].join('\r\n')
}

/** Writes the JSON body of a refused token request. */
export function errorBody(error: EntraError, correlation: Correlation, authorityHost: string): Record<string, unknown> {
  return {
    error: error.error,
    error_description: describeError(error, correlation),
    error_codes: [error.code],
    timestamp: entraTimestamp(correlation.at),
    trace_id: correlation.traceId,
    correlation_id: correlation.correlationId,
    error_uri: `${authorityHost}/error?code=${error.code}`,
    ...(error.suberror !== null && { suberror: error.suberror }),
    ...(error.claims !== null && { claims: error.claims }),
  }
}

/** The parameters that a refused authorization request sends to the redirect URI. */
export function errorParameters(error: EntraError, correlation: Correlation, authorityHost: string): Parameters {
  const optional: Parameters = [
    ['suberror', error.suberror ?? ''],
    ['claims', error.claims ?? ''],
  ]
  return [
    ['error', error.error],
    ['error_description', describeError(error, correlation)],
    ['error_uri', `${authorityHost}/error?code=${error.code}`],
    ...optional.filter(([, value]) => value !== ''),
  ]
}

export function entraTimestamp(at: Date): string {
  return at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}
