import { answer, graphAnswer, html, throttled, unavailable } from './answers.ts'
import type { Effect, HttpEffect, RetryAfter } from './scenario.ts'

export interface Preset {
  readonly title: string
  readonly group: string
  readonly effect: Effect
}

const CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}}'
const IN_2_SECONDS: RetryAfter = { form: 'seconds', seconds: 2 }
const HTTP_DATE: RetryAfter = { form: 'http-date', seconds: 2 }
const TOO_MANY_REQUESTS = {
  error: 'temporarily_unavailable',
  error_description: 'AADSTS90055: Server terminated the request due to too many requests.',
  error_codes: [90055],
}

/** By group and name: the title and the effect. */
const DATA: Record<string, Record<string, readonly [title: string, effect: Effect]>> = {
  'Sign-in and consent': {
    'authorize-conditional-access': [
      'Conditional access blocks the sign-in (AADSTS53003)',
      entra('authorize', 53003, { error: 'access_denied', claims: CLAIMS }),
    ],
    'authorize-admin-consent-required': [
      'An administrator must consent (AADSTS90094, access_denied)',
      entra('authorize', 90094),
    ],
    'authorize-admin-consent-required-as-consent-required': [
      'An administrator must consent (AADSTS90094, consent_required)',
      entra('authorize', 90094, { error: 'consent_required' }),
    ],
    'authorize-declined': ['The person declines (AADSTS65004, access_denied)', entra('authorize', 65004)],
    'authorize-declined-as-consent-required': [
      'The person declines (AADSTS65004, consent_required)',
      entra('authorize', 65004, { error: 'consent_required' }),
    ],
    'authorize-not-assigned': [
      'The person is not assigned to the application (AADSTS50105)',
      entra('authorize', 50105),
    ],
    'authorize-unavailable': ['Entra is temporarily unavailable (AADSTS90033)', entra('authorize', 90033)],
  },
  Tokens: {
    'id-token-wrong-nonce': ['id_token with another nonce', tokens('wrong-nonce')],
    'id-token-wrong-audience': ['id_token for another audience', tokens('wrong-audience')],
    'id-token-wrong-issuer': ['id_token of another issuer', tokens('wrong-issuer')],
    'id-token-wrong-signature': ['id_token signed by an unknown key', tokens('wrong-signature')],
    'id-token-wrong-tenant': ['id_token of another tenant', tokens('wrong-tenant')],
    'id-token-wrong-oid': ['id_token of another account than the access token', tokens('wrong-oid')],
    'id-token-expired': ['id_token that has expired', tokens('expired-id-token')],
    'no-id-token': ['No id_token in the response', tokens('no-id-token')],
    'no-refresh-token': ['No refresh_token in the response', tokens('no-refresh-token')],
    'refresh-inactive': ['Refresh token expired by inactivity (AADSTS700082)', entra('refresh', 700082)],
    'refresh-revoked': ['Refresh token revoked (AADSTS50173, bad_token)', entra('refresh', 50173)],
    'refresh-revoked-without-suberror': [
      'Refresh token revoked (AADSTS50173, no suberror)',
      entra('refresh', 50173, { suberror: null }),
    ],
    'refresh-sign-in-frequency': ['Sign-in frequency ended the session (AADSTS70043)', entra('refresh', 70043)],
    'refresh-conditional-access': [
      'Conditional access blocks the refresh (AADSTS53003 with claims)',
      entra('refresh', 53003, { claims: CLAIMS }),
    ],
    'refresh-consent-removed': ['The consent was removed (AADSTS65001)', entra('refresh', 65001)],
    'token-without-mail-send': [
      'The tokens lack Mail.Send, although it was consented to',
      { kind: 'fewer-scopes', without: ['Mail.Send'] },
    ],
    'token-without-mail-read-write': [
      'The tokens lack Mail.ReadWrite, although it was consented to',
      { kind: 'fewer-scopes', without: ['Mail.ReadWrite'] },
    ],
    'token-500-empty-object': ['The token endpoint answers 500 with {}', http('token', answer(500, {}))],
    'token-502-html': ['The token endpoint answers 502 with HTML', http('token', html(502, 'Bad Gateway'))],
    'token-503': ['The token endpoint answers 503', http('token', answer(503, ''))],
    'token-429': [
      'The token endpoint answers 429 with Retry-After: 5',
      http('token', { ...answer(429, TOO_MANY_REQUESTS), headers: { 'retry-after': '5' } }),
    ],
    'token-hang': ['The token endpoint never answers', http('token', { action: 'hang', when: 'before' })],
  },
  'App registration': {
    'secret-wrong': ['The client secret is wrong (AADSTS7000215)', entra('client', 7000215)],
    'secret-expired': ['The client secret has expired (AADSTS7000222)', entra('client', 7000222)],
    'certificate-unknown': ['The certificate is not registered (AADSTS700027)', entra('client', 700027)],
    'certificate-refused': ['The client assertion is refused (AADSTS50012)', entra('client', 50012)],
    'federated-credential-unknown': ['No federated credential fits yet (AADSTS70021)', entra('client', 70021)],
    'certificate-subject': ['The subject of the certificate is not authorized (AADSTS700030)', entra('client', 700030)],
  },
  Mail: {
    'me-other-id': ['/me returns another id than the token’s oid', { kind: 'me', change: 'other-id' }],
    ...sending({
      'send-429': ['429 with Retry-After: 2', throttled('ApplicationThrottled', IN_2_SECONDS)],
      'send-429-date': ['429 with a date in Retry-After', throttled('ApplicationThrottled', HTTP_DATE)],
      'send-429-without-retry-after': ['429 without Retry-After', throttled('ApplicationThrottled', null)],
      'send-429-too-many-requests': ['429 TooManyRequests', throttled('TooManyRequests', IN_2_SECONDS)],
      'send-429-activity-limit': ['429 activityLimitReached', throttled('activityLimitReached', IN_2_SECONDS)],
      'send-503': ['503 ErrorServerBusy', unavailable(null)],
      'send-503-retry-after': ['503 ErrorServerBusy with Retry-After: 2', unavailable(IN_2_SECONDS)],
      'send-503-store': [
        '503 ErrorMailboxStoreUnavailable',
        graphAnswer(503, 'ErrorMailboxStoreUnavailable', 'The mailbox store is unavailable.'),
      ],
      'send-500-empty-object': ['500 with {}', answer(500, {})],
      'send-502-html': ['502 with HTML', html(502, 'Bad Gateway')],
      'send-503-html': ['503 with HTML', html(503, 'Service Unavailable')],
      'send-504': ['504, not accepted', graphAnswer(504, 'UnknownError', '')],
      'send-accepted-but-504': [
        'accepted, but answered 504',
        { ...graphAnswer(504, 'UnknownError', ''), when: 'after' },
      ],
      'send-accepted-with-retry-after': [
        '202 with Retry-After',
        { action: 'add-headers', headers: {}, retryAfter: IN_2_SECONDS },
      ],
      'send-hang': ['never answered', { action: 'hang', when: 'before' }],
      'send-accepted-but-hang': ['accepted, but never answered', { action: 'hang', when: 'after' }],
      'send-reset-before': ['connection reset before processing', { action: 'reset', when: 'before' }],
      'send-reset-after': ['connection reset after processing', { action: 'reset', when: 'after' }],
      'send-slow': ['takes 5 s', { action: 'delay', delayMs: 5000 }],
      // Sources disagree on the status.
      'send-message-limit-400': ['400 ErrorExceededMessageLimit', messageLimit(400)],
      'send-message-limit-403': ['403 ErrorExceededMessageLimit', messageLimit(403)],
      'send-message-limit-429': ['429 ErrorExceededMessageLimit', messageLimit(429)],
    }),
    'draft-created-but-504': [
      'Creating a draft: created, but answered 504',
      http('draft-create', { ...graphAnswer(504, 'UnknownError', ''), when: 'after' }),
    ],
    'draft-created-but-reset': [
      'Creating a draft: created, but the connection is reset',
      http('draft-create', { action: 'reset', when: 'after' }),
    ],
    'access-token-revoked': [
      'Graph refuses the access token before it expires (401)',
      { kind: 'access-token', change: 'revoked', endpoint: 'any' },
    ],
    'access-token-claims-challenge': [
      'Graph refuses the access token with a claims challenge (401)',
      { kind: 'access-token', change: 'claims-challenge', endpoint: 'any' },
    ],
  },
  Uploads: {
    'upload-session-access-denied': [
      'No upload session: 403 ErrorAccessDenied',
      http('upload-session-create', graphAnswer(403, 'ErrorAccessDenied', 'Access is denied.')),
    ],
    'upload-session-forgotten': [
      'The session of the next range is forgotten (404)',
      { kind: 'upload-session', change: 'forgotten' },
    ],
    'upload-token-expired': [
      'The URL of the next range has expired (401)',
      { kind: 'upload-session', change: 'token-expired' },
    ],
    ...nextRange({
      'upload-range-416': [
        '416 invalidRange',
        graphAnswer(416, 'invalidRange', 'Uploaded fragment overlaps with existing data.'),
      ],
      'upload-range-429': ['429 with Retry-After: 2', throttled('ApplicationThrottled', IN_2_SECONDS)],
      'upload-range-503': ['503, not accepted', unavailable(null)],
      'upload-range-taken-but-503': ['accepted, but answered 503', { ...unavailable(null), when: 'after' }],
      'upload-range-reset-before': ['connection reset before processing', { action: 'reset', when: 'before' }],
      'upload-range-reset-after': ['connection reset after processing', { action: 'reset', when: 'after' }],
      'upload-range-hang': ['never answered', { action: 'hang', when: 'before' }],
    }),
  },
}

/** The scenarios that can be switched on by name. The control API takes anything else as an effect. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map(
  Object.entries(DATA).flatMap(([group, presets]) =>
    Object.entries(presets).map(([name, [title, effect]]) => [name, { group, title, effect }] as const),
  ),
)

type HttpPresets = Record<string, readonly [title: string, action: HttpEffect['do']]>

function sending(presets: HttpPresets): (typeof DATA)[string] {
  return onEndpoint('any-send', 'Sending', presets)
}

function nextRange(presets: HttpPresets): (typeof DATA)[string] {
  return onEndpoint('upload-range', 'The next range', presets)
}

function onEndpoint(endpoint: HttpEffect['endpoint'], what: string, presets: HttpPresets): (typeof DATA)[string] {
  const entries = Object.entries(presets)
  return Object.fromEntries(
    entries.map(([name, [title, action]]) => [name, [`${what}: ${title}`, http(endpoint, action)]]),
  )
}

type EntraEffect = Extract<Effect, { kind: 'entra-error' }>

function entra(at: EntraEffect['at'], code: number, more: Partial<EntraEffect> = {}): Effect {
  return { kind: 'entra-error', at, code, ...more }
}

function tokens(change: Extract<Effect, { kind: 'tokens' }>['change']): Effect {
  return { kind: 'tokens', change }
}

function http(endpoint: HttpEffect['endpoint'], action: HttpEffect['do']): Effect {
  return { kind: 'http', endpoint, do: action }
}

function messageLimit(status: number): HttpEffect['do'] {
  return graphAnswer(status, 'ErrorExceededMessageLimit', 'The message limit has been exceeded for this mailbox.')
}
