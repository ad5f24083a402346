import type { Effect, EffectOf, HttpEffect, RetryAfter } from './scenario.ts'

export type FaultAnswer = Extract<HttpEffect['do'], { action: 'answer' }>

export const RESET_BEFORE = { action: 'reset', when: 'before' } as const
export const RESET_AFTER = { action: 'reset', when: 'after' } as const
const GATEWAY_TIMEOUT = graphAnswer(504, 'UnknownError', '')
/** Processed all the same. */
export const GATEWAY_TIMEOUT_AFTER: FaultAnswer = { ...GATEWAY_TIMEOUT, when: 'after' }

export function throttled(retryAfter: RetryAfter | null): FaultAnswer {
  const given = graphAnswer(429, 'ApplicationThrottled', 'Application is over its RequestRate limit.')
  return withRetryAfter(given, retryAfter)
}

export function unavailable(retryAfter: RetryAfter | null): FaultAnswer {
  return withRetryAfter(graphAnswer(503, 'ErrorServerBusy', 'The server is too busy. Try again later.'), retryAfter)
}

/** A gateway in front of the service answers with this HTML page. */
function html(status: number, reason: string): FaultAnswer {
  return gateway(status, `<html><body><h1>${status} ${reason}</h1></body></html>`, { 'content-type': 'text/html' })
}

/** Something between the client and Microsoft answers in Microsoft's place. */
function gateway(status: number, body: FaultAnswer['body'] = '', headers: FaultAnswer['headers'] = {}): FaultAnswer {
  return { ...answer(status, body), by: 'gateway', headers }
}

function graphAnswer(status: number, code: string, message: string): FaultAnswer {
  return answer(status, { error: { code, message } })
}

function answer(status: number, body: FaultAnswer['body']): FaultAnswer {
  return { action: 'answer', when: 'before', by: 'microsoft', status, headers: {}, body }
}

function withRetryAfter(given: FaultAnswer, retryAfter: RetryAfter | null): FaultAnswer {
  return retryAfter === null ? given : { ...given, retryAfter }
}

const CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}}'
const BLOCKED = { error: 'access_denied', claims: CLAIMS }
const IN_2_SECONDS: RetryAfter = { form: 'seconds', seconds: 2 }
const HTTP_DATE: RetryAfter = { form: 'http-date', seconds: 2 }
const ADD_RETRY_AFTER: HttpEffect['do'] = { action: 'add-headers', headers: {}, retryAfter: IN_2_SECONDS }
const HANG = { action: 'hang', when: 'before' } as const
const HANG_AFTER = { action: 'hang', when: 'after' } as const
const STORE_UNAVAILABLE = graphAnswer(503, 'ErrorMailboxStoreUnavailable', 'The mailbox store is unavailable.')
const CONFLICT = graphAnswer(409, 'ErrorIrresolvableConflict', 'The send or update operation could not be performed.')
const FORBIDDEN = gateway(403, 'RBAC: access denied', { 'content-type': 'text/plain' })
const SEND_AS_DENIED = graphAnswer(403, 'ErrorSendAsDenied', 'The user account does not have the right to send as it.')
const WITHOUT_SUBERROR = entra('refresh', 50173, { suberror: null })
const REVOKED: Effect = { kind: 'access-token', change: 'revoked', endpoint: 'any' }
const ENTRA_BUSY = {
  ...answer(429, { error: 'temporarily_unavailable', error_description: 'AADSTS90055: …', error_codes: [90055] }),
  headers: { 'retry-after': '5' },
}

/** The presets of each group. */
const GROUPS: Readonly<Record<string, readonly (readonly [name: string, title: string, effect: Effect])[]>> = {
  'Sign-in and consent': [
    ['authorize-conditional-access', 'Conditional access blocks the sign-in', entra('authorize', 53003, BLOCKED)],
    ['authorize-admin-consent-required', 'An administrator must consent (AADSTS90094)', entra('authorize', 90094)],
    ['authorize-declined', 'The person declines (AADSTS65004)', entra('authorize', 65004)],
  ],
  Tokens: [
    ['id-token-wrong-nonce', 'id_token with another nonce', tokens('wrong-nonce')],
    ['id-token-wrong-audience', 'id_token for another audience', tokens('wrong-audience')],
    ['id-token-wrong-issuer', 'id_token of another issuer', tokens('wrong-issuer')],
    ['id-token-wrong-signature', 'id_token signed by an unknown key', tokens('wrong-signature')],
    ['id-token-wrong-tenant', 'id_token of another tenant', tokens('wrong-tenant')],
    ['id-token-wrong-oid', 'id_token of another account than the access token', tokens('wrong-oid')],
    ['id-token-expired', 'id_token that has expired', tokens('expired-id-token')],
    ['no-id-token', 'No id_token in the response', tokens('no-id-token')],
    ['no-refresh-token', 'No refresh_token in the response', tokens('no-refresh-token')],
    ['refresh-inactive', 'Refresh token expired by inactivity (AADSTS700082)', entra('refresh', 700082)],
    ['refresh-revoked', 'Refresh token revoked (AADSTS50173, bad_token)', entra('refresh', 50173)],
    ['refresh-revoked-without-suberror', 'Refresh token revoked (AADSTS50173, no suberror)', WITHOUT_SUBERROR],
    ['refresh-sign-in-frequency', 'Sign-in frequency ended the session (AADSTS70043)', entra('refresh', 70043)],
    ['refresh-conditional-access', 'Claims are demanded (AADSTS53003)', entra('refresh', 53003, { claims: CLAIMS })],
    ['refresh-consent-removed', 'The consent was removed (AADSTS65001)', entra('refresh', 65001)],
    ['token-without-mail-send', 'The tokens lack Mail.Send, although it was consented to', without('Mail.Send')],
    ['token-without-mail-read-write', 'The tokens lack Mail.ReadWrite', without('Mail.ReadWrite')],
    ['token-500-empty-object', 'The token endpoint answers 500 with {}', http('token', answer(500, {}))],
    ['token-502-html', 'The token endpoint answers 502 with HTML', http('token', html(502, 'Bad Gateway'))],
    ['token-503', 'The token endpoint answers 503', http('token', answer(503, ''))],
    ['token-429', 'The token endpoint answers 429 with Retry-After: 5', http('token', ENTRA_BUSY)],
    ['token-hang', 'The token endpoint never answers', http('token', HANG)],
  ],
  'App registration': [
    ['secret-wrong', 'The client secret is wrong (AADSTS7000215)', entra('client', 7000215)],
    ['secret-expired', 'The client secret has expired (AADSTS7000222)', entra('client', 7000222)],
    ['certificate-unknown', 'The certificate is not registered (AADSTS700027)', entra('client', 700027)],
    ['certificate-refused', 'The client assertion is refused (AADSTS50012)', entra('client', 50012)],
    ['federated-credential-unknown', 'No federated credential fits yet (AADSTS70021)', entra('client', 70021)],
    ['certificate-subject', 'The certificate’s subject is not authorized (AADSTS700030)', entra('client', 700030)],
  ],
  Mail: [
    ['me-other-id', '/me returns another id than the token’s oid', { kind: 'me', change: 'other-id' }],
    ['send-429', 'Sending: 429 with Retry-After: 2', sending(throttled(IN_2_SECONDS))],
    ['send-429-date', 'Sending: 429 with a date in Retry-After', sending(throttled(HTTP_DATE))],
    ['send-429-without-retry-after', 'Sending: 429 without Retry-After', sending(throttled(null))],
    ['send-503', 'Sending: 503 ErrorServerBusy', sending(unavailable(null))],
    ['send-503-retry-after', 'Sending: 503 with Retry-After: 2', sending(unavailable(IN_2_SECONDS))],
    ['send-503-store', 'Sending: 503 ErrorMailboxStoreUnavailable', sending(STORE_UNAVAILABLE)],
    ['send-409', 'Sending: 409 ErrorIrresolvableConflict', sending(CONFLICT)],
    ['send-403-send-as', 'Sending: 403 ErrorSendAsDenied', sending(SEND_AS_DENIED)],
    ['send-500-empty-object', 'Sending: 500 with {}', sending(answer(500, {}))],
    ['send-403-html', 'Sending: a proxy answers 403 with HTML', sending(html(403, 'Forbidden'))],
    ['gateway-proxy-413', 'Sending: a proxy answers 413 with HTML', sending(html(413, 'Request Entity Too Large'))],
    ['send-502-html', 'Sending: 502 with HTML', sending(html(502, 'Bad Gateway'))],
    ['send-503-html', 'Sending: 503 with HTML', sending(html(503, 'Service Unavailable'))],
    ['send-504', 'Sending: 504, not accepted', sending(GATEWAY_TIMEOUT)],
    ['send-accepted-but-504', 'Sending: accepted, but answered 504', sending(GATEWAY_TIMEOUT_AFTER)],
    ['send-accepted-with-retry-after', 'Sending: 202 with Retry-After', sending(ADD_RETRY_AFTER)],
    ['send-hang', 'Sending: never answered', sending(HANG)],
    ['send-accepted-but-hang', 'Sending: accepted, but never answered', sending(HANG_AFTER)],
    ['send-reset-before', 'Sending: connection reset before processing', sending(RESET_BEFORE)],
    ['send-reset-after', 'Sending: connection reset after processing', sending(RESET_AFTER)],
    ['access-token-revoked', 'Graph refuses the access token before it expires (401)', REVOKED],
  ],
  Uploads: [
    ['upload-session-forgotten', 'The session of the next range is forgotten (404)', session('forgotten')],
    ['upload-token-expired', 'The URL of the next range has expired (401)', session('token-expired')],
    ['upload-range-foreign-403', 'The next range: 403 in place of Microsoft', http('upload-range', FORBIDDEN)],
  ],
}

/** The scenarios that can be switched on by name. The control API takes anything else as an effect. */
export const PRESETS: ReadonlyMap<string, Readonly<{ group: string; title: string; effect: Effect }>> = new Map(
  Object.entries(GROUPS).flatMap(([group, presets]) =>
    presets.map(([name, title, effect]) => [name, { group, title, effect }] as const),
  ),
)

function entra(at: EffectOf<'entra-error'>['at'], code: number, more: Partial<EffectOf<'entra-error'>> = {}): Effect {
  return { kind: 'entra-error', at, code, ...more }
}

function tokens(change: EffectOf<'tokens'>['change']): Effect {
  return { kind: 'tokens', change }
}

function without(...without: EffectOf<'fewer-scopes'>['without']): Effect {
  return { kind: 'fewer-scopes', without }
}

function session(change: EffectOf<'upload-session'>['change']): Effect {
  return { kind: 'upload-session', change }
}

function sending(action: HttpEffect['do']): Effect {
  return http('any-send', action)
}

function http(endpoint: HttpEffect['endpoint'], action: HttpEffect['do']): Effect {
  return { kind: 'http', endpoint, do: action }
}
