import { randomUUID } from 'node:crypto'

interface CatalogueEntry {
  /** What the code is usually paired with; a scenario may say otherwise. */
  readonly error: string
  readonly suberror?: string
  readonly status?: number
  readonly text: string
}

/**
 * Entra's numbered failures, as far as the simulator or one of its scenarios produces them. Texts follow
 * learn.microsoft.com/entra/identity-platform/reference-error-codes; clients must not read them.
 */
export const AADSTS = {
  50011: {
    error: 'invalid_request',
    text: "The redirect URI '{0}' specified in the request does not match the redirect URIs configured for the application '{1}'.",
  },
  50012: {
    error: 'invalid_client',
    status: 401,
    text: 'Authentication failed for one of the following reasons: the signing certificate isn’t valid, its thumbprint isn’t authorized, or the client assertion can’t be used. {0}',
  },
  50020: {
    error: 'access_denied',
    text: "User account '{0}' from identity provider '{1}' does not exist in tenant '{2}' and cannot access the application. The account needs to be added as an external user in the tenant first.",
  },
  50027: {
    error: 'invalid_client',
    status: 401,
    text: 'The JWT token is not valid: {0}',
  },
  50033: { error: 'temporarily_unavailable', text: 'A retryable error has occurred.' },
  50034: { error: 'invalid_grant', text: 'The user account does not exist in the directory.' },
  50053: {
    error: 'invalid_grant',
    text: 'The account is locked because the user tried to sign in too many times with an incorrect user ID or password.',
  },
  50057: { error: 'invalid_grant', text: 'The user account is disabled.' },
  50058: { error: 'login_required', text: 'A silent sign-in request was sent but no user is signed in.' },
  50072: {
    error: 'invalid_grant',
    suberror: 'basic_action',
    text: 'Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.',
  },
  50074: { error: 'invalid_grant', suberror: 'basic_action', text: 'Strong authentication is required.' },
  50076: {
    error: 'invalid_grant',
    suberror: 'basic_action',
    text: 'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication.',
  },
  50078: {
    error: 'invalid_grant',
    suberror: 'basic_action',
    text: 'Presented multi-factor authentication has expired due to policies configured by your administrator.',
  },
  50079: {
    error: 'invalid_grant',
    suberror: 'basic_action',
    text: 'Due to a configuration change made by your administrator, you must enroll in multi-factor authentication.',
  },
  50105: {
    error: 'access_denied',
    text: 'Your administrator has configured the application to block users unless they are specifically granted access to it. The signed-in user is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.',
  },
  50131: {
    error: 'interaction_required',
    text: 'Conditional access failed. Request blocked due to suspicious activity, access policy, or security policy decisions.',
  },
  50132: {
    error: 'invalid_grant',
    text: 'The session is not valid because the password has expired or was recently changed.',
  },
  50133: {
    error: 'invalid_grant',
    text: 'The session is not valid because the password has expired or was recently changed.',
  },
  50147: { error: 'invalid_request', text: 'Missing code_challenge parameter.' },
  50158: { error: 'interaction_required', text: 'External security challenge was not satisfied.' },
  50173: {
    error: 'invalid_grant',
    suberror: 'bad_token',
    text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
  },
  50194: {
    error: 'invalid_request',
    text: "Application '{0}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
  },
  50196: {
    error: 'invalid_grant',
    text: 'The server terminated an operation because it encountered a client request loop. Please contact your app vendor.',
  },
  53000: {
    error: 'invalid_grant',
    suberror: 'message_only',
    text: 'Your device is required to be managed to access this resource.',
  },
  53003: {
    error: 'invalid_grant',
    suberror: 'message_only',
    text: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  },
  54005: {
    error: 'invalid_grant',
    text: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  },
  65001: {
    error: 'invalid_grant',
    suberror: 'consent_required',
    text: "The user or administrator has not consented to use the application with ID '{0}' named '{1}'. Send an interactive authorization request for this user and resource.",
  },
  65004: { error: 'access_denied', text: 'User declined to consent to access the app.' },
  65005: {
    error: 'invalid_resource',
    text: 'The application required resource access list does not contain applications discoverable by the resource.',
  },
  70000: { error: 'invalid_grant', text: "The provided value for the input parameter '{0}' is not valid." },
  70001: { error: 'unauthorized_client', text: 'The application is disabled or was not found in the directory.' },
  70003: { error: 'unsupported_grant_type', text: "The app requested an unsupported grant type '{0}'." },
  70008: {
    error: 'invalid_grant',
    text: 'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
  },
  70011: { error: 'invalid_scope', text: "The provided value for the input parameter 'scope' is not valid. {0}" },
  70043: {
    error: 'invalid_grant',
    suberror: 'bad_token',
    text: 'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.',
  },
  90002: {
    error: 'invalid_request',
    text: "Tenant '{0}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  },
  90014: { error: 'invalid_request', text: "The required field '{0}' is missing from the credential." },
  90023: { error: 'invalid_request', text: "Unsupported '{0}' value." },
  90033: { error: 'temporarily_unavailable', status: 503, text: 'A transient error has occurred. Please try again.' },
  90055: {
    error: 'temporarily_unavailable',
    status: 429,
    text: 'Server terminated the request due to too many requests.',
  },
  90094: {
    error: 'access_denied',
    text: 'An administrator of {1} must consent to the application {0} before it can be used.',
  },
  90095: {
    error: 'access_denied',
    text: 'An administrator must approve the application. An admin consent request can be sent.',
  },
  500011: {
    error: 'invalid_resource',
    text: 'The resource principal named {0} was not found in the tenant named {1}.',
  },
  500112: {
    error: 'invalid_client',
    text: "The reply address '{0}' does not match the reply address '{1}' provided when requesting Authorization code.",
  },
  501481: {
    error: 'invalid_grant',
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
  501491: { error: 'invalid_request', text: 'Invalid size of Code_Challenge parameter.' },
  650053: {
    error: 'invalid_client',
    text: "The application '{0}' asked for scope '{1}' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'.",
  },
  700005: {
    error: 'invalid_grant',
    text: 'The provided authorization code is intended for use against another tenant.',
  },
  700016: {
    error: 'unauthorized_client',
    text: "Application with identifier '{0}' was not found in the directory '{1}'.",
  },
  700021: {
    error: 'invalid_client',
    status: 401,
    text: "Client assertion application identifier doesn't match 'client_id' parameter.",
  },
  700022: {
    error: 'invalid_scope',
    text: 'The provided value for the input parameter scope is not valid because it contains more than one resource.',
  },
  700023: {
    error: 'invalid_client',
    status: 401,
    text: 'Client assertion audience claim does not match Realm issuer.',
  },
  700024: {
    error: 'invalid_client',
    status: 401,
    text: 'Client assertion is not within its valid time range.',
  },
  700025: {
    error: 'invalid_client',
    status: 401,
    text: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  },
  700027: {
    error: 'invalid_client',
    status: 401,
    text: 'The certificate with identifier used to sign the client assertion is not registered on application. {0}',
  },
  700030: {
    error: 'invalid_client',
    status: 401,
    text: "Invalid certificate - subject name in certificate isn't authorized.",
  },
  700051: { error: 'unsupported_response_type', text: "response_type '{0}' is not enabled for the application." },
  700054: { error: 'unsupported_response_type', text: "response_type 'id_token' is not enabled for the application." },
  700082: {
    error: 'invalid_grant',
    text: 'The refresh token has expired due to inactivity. The token was issued on {0} and was inactive for 90.00:00:00.',
  },
  700084: {
    error: 'invalid_grant',
    text: 'The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00.',
  },
  900144: { error: 'invalid_request', text: "The request body must contain the following parameter: '{0}'." },
  900561: { error: 'invalid_request', text: 'The endpoint only accepts POST requests. Received a {0} request.' },
  1002012: {
    error: 'invalid_scope',
    text: 'The provided value for scope {0} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).',
  },
  7000112: { error: 'unauthorized_client', text: "Application '{0}' is disabled." },
  7000215: {
    error: 'invalid_client',
    status: 401,
    text: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{0}'.",
  },
  7000218: {
    error: 'invalid_client',
    status: 401,
    text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  7000222: {
    error: 'invalid_client',
    status: 401,
    text: "The provided client secret keys for app '{0}' are expired. Visit the Azure portal to create new keys for your app.",
  },
  9000411: {
    error: 'invalid_request',
    text: "The request is not properly formatted. The parameter '{0}' is duplicated.",
  },
  9002313: { error: 'invalid_request', text: 'Invalid request. Request is malformed or invalid. {0}' },
  9002332: {
    error: 'unauthorized_client',
    text: "Application '{0}' is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request.",
  },
  9002326: {
    error: 'invalid_request',
    text: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{0}'.",
  },
} as const satisfies Record<number, CatalogueEntry>

export type AadstsCode = keyof typeof AADSTS

export interface EntraError {
  readonly code: number
  readonly error: string
  readonly suberror: string | null
  readonly status: number
  readonly text: string
  /** JSON of a claims challenge. */
  readonly claims: string | null
}

export interface Correlation {
  readonly traceId: string
  readonly correlationId: string
  readonly at: Date
}

export function entraError(
  code: AadstsCode,
  values: readonly string[] = [],
  other: Partial<EntraError> = {},
): EntraError {
  const entry: CatalogueEntry = AADSTS[code]
  return {
    code,
    error: entry.error,
    suberror: entry.suberror ?? null,
    status: entry.status ?? 400,
    text: entry.text.replace(/ ?\{(\d)\}/g, (match, position: string) => {
      const value = values[Number(position)] ?? ''
      return value === '' ? '' : match.startsWith(' ') ? ` ${value}` : value
    }),
    claims: null,
    ...other,
  }
}

/** What a scenario asks for: any code at all, and whatever it should be paired with. */
export interface WantedError {
  readonly code: number
  readonly error?: string | undefined
  readonly suberror?: string | null | undefined
  readonly claims?: string | undefined
  readonly status?: number | undefined
}

export function wantedError(wanted: WantedError, values: readonly string[]): EntraError {
  const { code, error, suberror, claims, status } = wanted
  const usual = isCatalogued(code) ? entraError(code, values) : { ...entraError(9002313), code, text: 'Scenario.' }
  return {
    ...usual,
    error: error ?? usual.error,
    suberror: suberror === undefined ? usual.suberror : suberror,
    claims: claims ?? null,
    status: status ?? usual.status,
  }
}

export function isCatalogued(code: number): code is AadstsCode {
  return Object.hasOwn(AADSTS, code)
}

/** @param clientRequestId echoed as correlation id when it is a GUID */
export function correlate(clientRequestId: string | undefined, at: Date): Correlation {
  const isGuid = clientRequestId !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientRequestId)
  return { traceId: randomUUID(), correlationId: isGuid ? clientRequestId : randomUUID(), at }
}

export function describeError(error: EntraError, correlation: Correlation): string {
  return [
    `AADSTS${error.code}: ${error.text}`,
    `Trace ID: ${correlation.traceId}`,
    `Correlation ID: ${correlation.correlationId}`,
    `Timestamp: ${entraTimestamp(correlation.at)}`,
  ].join('\r\n')
}

/** The body of a refused token request. */
export function errorBody(error: EntraError, correlation: Correlation, authorityHost: string): Record<string, unknown> {
  return {
    error: error.error,
    error_description: describeError(error, correlation),
    error_codes: [error.code],
    timestamp: entraTimestamp(correlation.at),
    trace_id: correlation.traceId,
    correlation_id: correlation.correlationId,
    error_uri: `${authorityHost}/error?code=${error.code}`,
    ...(error.suberror === null ? {} : { suberror: error.suberror }),
    ...(error.claims === null ? {} : { claims: error.claims }),
  }
}

/** The parameters of a refused authorize request, for the redirect URI. */
export function errorParameters(
  error: EntraError,
  correlation: Correlation,
  authorityHost: string,
): [string, string][] {
  return [
    ['error', error.error],
    ['error_description', describeError(error, correlation)],
    ['error_uri', `${authorityHost}/error?code=${error.code}`],
    ...(error.suberror === null ? [] : [['suberror', error.suberror] satisfies [string, string]]),
    ...(error.claims === null ? [] : [['claims', error.claims] satisfies [string, string]]),
  ]
}

export function entraTimestamp(at: Date): string {
  return at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}
