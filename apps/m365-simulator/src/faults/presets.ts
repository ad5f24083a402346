import {
  answer,
  GATEWAY_TIMEOUT,
  GATEWAY_TIMEOUT_AFTER,
  gateway,
  graphAnswer,
  html,
  RESET_AFTER,
  RESET_BEFORE,
  throttled,
  unavailable,
} from './answers.ts'
import { GATEWAY_ANSWERS } from './gateway-answers.ts'
import type { Effect, HttpEffect, RetryAfter } from './scenario.ts'

interface Preset {
  readonly title: string
  readonly group: string
  readonly effect: Effect
}

const CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}}'
const BLOCKED = { error: 'access_denied', claims: CLAIMS }
const CONSENT = { error: 'consent_required' }
const IN_2_SECONDS: RetryAfter = { form: 'seconds', seconds: 2 }
const HTTP_DATE: RetryAfter = { form: 'http-date', seconds: 2 }
const ADD_RETRY_AFTER: HttpEffect['do'] = { action: 'add-headers', headers: {}, retryAfter: IN_2_SECONDS }
const HANG = { action: 'hang', when: 'before' } as const
const HANG_AFTER = { action: 'hang', when: 'after' } as const
const STORE_UNAVAILABLE = graphAnswer(503, 'ErrorMailboxStoreUnavailable', 'The mailbox store is unavailable.')
const CONFLICT = graphAnswer(409, 'ErrorIrresolvableConflict', 'The send or update operation could not be performed.')
const WRONG_CLOUD = graphAnswer(
  403,
  'ErrorTenantNotFoundInCurrentSovereignEnvironment',
  'The tenant is not found in the current sovereign environment.',
)
const NOT_FOUND = graphAnswer(404, 'ErrorItemNotFound', 'The specified object was not found in the store.')
const FORBIDDEN = gateway(403, 'RBAC: access denied', { 'content-type': 'text/plain' })
const ACCESS_DENIED = graphAnswer(403, 'ErrorAccessDenied', 'Access is denied.')
const SEND_AS_DENIED = graphAnswer(403, 'ErrorSendAsDenied', 'The user account does not have the right to send as it.')
const NO_MAILBOX = graphAnswer(404, 'MailboxNotEnabledForRESTAPI', 'The mailbox is inactive or hosted on-premise.')
const MAILBOX_FULL = graphAnswer(507, 'ErrorQuotaExceeded', 'The mailbox is over its quota.')
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
    [
      'authorize-admin-consent-required-as-consent-required',
      'An administrator must consent (AADSTS90094, consent_required)',
      entra('authorize', 90094, CONSENT),
    ],
    ['authorize-declined', 'The person declines (AADSTS65004)', entra('authorize', 65004)],
    [
      'authorize-declined-as-consent-required',
      'The person declines (consent_required)',
      entra('authorize', 65004, CONSENT),
    ],
    ['authorize-not-assigned', 'The person is not assigned (AADSTS50105)', entra('authorize', 50105)],
    ['authorize-unavailable', 'Entra is temporarily unavailable (AADSTS90033)', entra('authorize', 90033)],
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
    ['send-accepted-but-409', 'Sending: accepted, but answered 409', sending({ ...CONFLICT, when: 'after' })],
    ['send-wrong-cloud', 'Sending: 403 ErrorTenantNotFoundInCurrentSovereignEnvironment', sending(WRONG_CLOUD)],
    ['send-403-send-as', 'Sending: 403 ErrorSendAsDenied', sending(SEND_AS_DENIED)],
    ['send-403-access', 'Sending: 403 ErrorAccessDenied', sending(ACCESS_DENIED)],
    ['send-404-mailbox', 'Sending: 404 MailboxNotEnabledForRESTAPI', sending(NO_MAILBOX)],
    ['send-507-full', 'Sending: 507 ErrorQuotaExceeded', sending(MAILBOX_FULL)],
    ['send-500-empty-object', 'Sending: 500 with {}', sending(answer(500, {}))],
    ['send-403-html', 'Sending: a proxy answers 403 with HTML', sending(html(403, 'Forbidden'))],
    ['send-502-html', 'Sending: 502 with HTML', sending(html(502, 'Bad Gateway'))],
    ['send-503-html', 'Sending: 503 with HTML', sending(html(503, 'Service Unavailable'))],
    ['send-504', 'Sending: 504, not accepted', sending(GATEWAY_TIMEOUT)],
    ['send-accepted-but-504', 'Sending: accepted, but answered 504', sending(GATEWAY_TIMEOUT_AFTER)],
    ['send-accepted-with-retry-after', 'Sending: 202 with Retry-After', sending(ADD_RETRY_AFTER)],
    ['send-hang', 'Sending: never answered', sending(HANG)],
    ['send-accepted-but-hang', 'Sending: accepted, but never answered', sending(HANG_AFTER)],
    ['send-reset-before', 'Sending: connection reset before processing', sending(RESET_BEFORE)],
    ['send-reset-after', 'Sending: connection reset after processing', sending(RESET_AFTER)],
    ['send-slow', 'Sending: takes 5 s', sending({ action: 'delay', delayMs: 5000 })],
    ['draft-403-access', 'No draft: 403 ErrorAccessDenied', http('draft-create', ACCESS_DENIED)],
    ['draft-created-but-504', 'A draft is created, but answered 504', http('draft-create', GATEWAY_TIMEOUT_AFTER)],
    ['draft-created-but-reset', 'A draft is created, but the connection reset', http('draft-create', RESET_AFTER)],
    ['access-token-revoked', 'Graph refuses the access token before it expires (401)', REVOKED],
  ],
  'In place of Microsoft': GATEWAY_ANSWERS.map(
    ([name, title, action]) => [`gateway-${name}`, `Sending: ${title}`, sending(action)] as const,
  ),
  Uploads: [
    ['upload-session-access-denied', 'No upload session: 403', http('upload-session-create', ACCESS_DENIED)],
    ['upload-session-forgotten', 'The session of the next range is forgotten (404)', session('forgotten')],
    ['upload-token-expired', 'The URL of the next range has expired (401)', session('token-expired')],
    ['draft-attach-404', 'Attaching: 404, although the draft is there', http('draft-attach', NOT_FOUND)],
    ['upload-range-foreign-200', 'The next range: 200 in place of Microsoft', http('upload-range', gateway(200))],
    ['upload-range-foreign-403', 'The next range: 403 in place of Microsoft', http('upload-range', FORBIDDEN)],
    ['upload-range-503', 'The next range: 503, not accepted', http('upload-range', unavailable(null))],
  ],
}

/** The scenarios that can be switched on by name. The control API takes anything else as an effect. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map(
  Object.entries(GROUPS).flatMap(([group, presets]) =>
    presets.map(([name, title, effect]) => [name, { group, title, effect }] as const),
  ),
)

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>

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
