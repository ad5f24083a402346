import { graphFailure, html, throttled, unavailable, unknownError } from './failures.ts'
import type { Effect, HttpEffect, RetryAfter } from './scenario.ts'

export interface Preset {
  readonly title: string
  readonly group: 'Sign-in and consent' | 'Tokens' | 'App registration' | 'Mail' | 'Uploads'
  readonly effect: Effect
}

const CLAIMS_CHALLENGE =
  '{"access_token":{"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}}'

const IN_2_SECONDS: RetryAfter = { form: 'seconds', seconds: 2 }

/** What a person switches on by name. Anything else the control API takes as an effect. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map(
  Object.entries({
    'authorize-conditional-access': preset(
      'Sign-in and consent',
      'Conditional access blocks the sign-in (AADSTS53003)',
      { kind: 'entra-error', at: 'authorize', code: 53003, error: 'access_denied', claims: CLAIMS_CHALLENGE },
    ),
    'authorize-admin-consent-required': preset(
      'Sign-in and consent',
      'An administrator must consent (AADSTS90094, access_denied)',
      { kind: 'entra-error', at: 'authorize', code: 90094 },
    ),
    'authorize-admin-consent-required-as-consent-required': preset(
      'Sign-in and consent',
      'An administrator must consent (AADSTS90094, consent_required)',
      { kind: 'entra-error', at: 'authorize', code: 90094, error: 'consent_required' },
    ),
    'authorize-declined': preset('Sign-in and consent', 'The person declines (AADSTS65004, access_denied)', {
      kind: 'entra-error',
      at: 'authorize',
      code: 65004,
    }),
    'authorize-declined-as-consent-required': preset(
      'Sign-in and consent',
      'The person declines (AADSTS65004, consent_required)',
      { kind: 'entra-error', at: 'authorize', code: 65004, error: 'consent_required' },
    ),
    'authorize-not-assigned': preset(
      'Sign-in and consent',
      'The person is not assigned to the application (AADSTS50105)',
      { kind: 'entra-error', at: 'authorize', code: 50105 },
    ),
    'authorize-unavailable': preset('Sign-in and consent', 'Entra is temporarily unavailable (AADSTS90033)', {
      kind: 'entra-error',
      at: 'authorize',
      code: 90033,
    }),

    'id-token-wrong-nonce': preset('Tokens', 'id_token with another nonce', { kind: 'tokens', change: 'wrong-nonce' }),
    'id-token-wrong-audience': preset('Tokens', 'id_token for another audience', {
      kind: 'tokens',
      change: 'wrong-audience',
    }),
    'id-token-wrong-issuer': preset('Tokens', 'id_token of another issuer', { kind: 'tokens', change: 'wrong-issuer' }),
    'id-token-wrong-signature': preset('Tokens', 'id_token signed by an unknown key', {
      kind: 'tokens',
      change: 'wrong-signature',
    }),
    'id-token-wrong-tenant': preset('Tokens', 'id_token of another tenant', { kind: 'tokens', change: 'wrong-tenant' }),
    'id-token-wrong-oid': preset('Tokens', 'id_token of another account than the access token', {
      kind: 'tokens',
      change: 'wrong-oid',
    }),
    'id-token-expired': preset('Tokens', 'id_token that has expired', { kind: 'tokens', change: 'expired-id-token' }),
    'no-id-token': preset('Tokens', 'No id_token in the answer', { kind: 'tokens', change: 'no-id-token' }),
    'no-refresh-token': preset('Tokens', 'No refresh_token in the answer', {
      kind: 'tokens',
      change: 'no-refresh-token',
    }),
    'refresh-inactive': preset('Tokens', 'Refresh token expired by inactivity (AADSTS700082)', {
      kind: 'entra-error',
      at: 'refresh',
      code: 700082,
    }),
    'refresh-revoked': preset('Tokens', 'Refresh token revoked (AADSTS50173, bad_token)', {
      kind: 'entra-error',
      at: 'refresh',
      code: 50173,
    }),
    'refresh-revoked-without-suberror': preset('Tokens', 'Refresh token revoked (AADSTS50173, no suberror)', {
      kind: 'entra-error',
      at: 'refresh',
      code: 50173,
      suberror: null,
    }),
    'refresh-sign-in-frequency': preset('Tokens', 'Sign-in frequency ended the session (AADSTS70043)', {
      kind: 'entra-error',
      at: 'refresh',
      code: 70043,
    }),
    'refresh-conditional-access': preset('Tokens', 'Conditional access blocks the refresh (AADSTS53003 with claims)', {
      kind: 'entra-error',
      at: 'refresh',
      code: 53003,
      claims: CLAIMS_CHALLENGE,
    }),
    'refresh-consent-removed': preset('Tokens', 'The consent was removed (AADSTS65001)', {
      kind: 'entra-error',
      at: 'refresh',
      code: 65001,
    }),
    'token-without-mail-send': preset('Tokens', 'The tokens are not for Mail.Send, although it was consented to', {
      kind: 'fewer-scopes',
      without: ['Mail.Send'],
    }),
    'token-without-mail-read-write': preset(
      'Tokens',
      'The tokens are not for Mail.ReadWrite, although it was consented to',
      { kind: 'fewer-scopes', without: ['Mail.ReadWrite'] },
    ),
    'token-500-empty-object': preset(
      'Tokens',
      'Token endpoint answers 500 with {}',
      http('token', { action: 'answer', when: 'before', status: 500, headers: {}, body: {} }),
    ),
    'token-502-html': preset('Tokens', 'Token endpoint answers 502 with HTML', http('token', html(502, 'Bad Gateway'))),
    'token-503': preset(
      'Tokens',
      'Token endpoint answers 503',
      http('token', { action: 'answer', when: 'before', status: 503, headers: {}, body: '' }),
    ),
    'token-429': preset(
      'Tokens',
      'Token endpoint answers 429 with Retry-After: 5',
      http('token', {
        action: 'answer',
        when: 'before',
        status: 429,
        headers: { 'retry-after': '5' },
        body: {
          error: 'temporarily_unavailable',
          error_description: 'AADSTS90055: Server terminated the request due to too many requests.',
          error_codes: [90055],
        },
      }),
    ),
    'token-hang': preset('Tokens', 'Token endpoint never answers', http('token', { action: 'hang', when: 'before' })),

    'secret-wrong': preset('App registration', 'The client secret is wrong (AADSTS7000215)', {
      kind: 'entra-error',
      at: 'client',
      code: 7000215,
    }),
    'secret-expired': preset('App registration', 'The client secret has expired (AADSTS7000222)', {
      kind: 'entra-error',
      at: 'client',
      code: 7000222,
    }),
    'certificate-unknown': preset('App registration', 'The certificate is not registered (AADSTS700027)', {
      kind: 'entra-error',
      at: 'client',
      code: 700027,
    }),
    'certificate-refused': preset('App registration', 'The client assertion is refused (AADSTS50012)', {
      kind: 'entra-error',
      at: 'client',
      code: 50012,
    }),
    'certificate-subject': preset(
      'App registration',
      'The subject of the certificate is not authorized (AADSTS700030)',
      {
        kind: 'entra-error',
        at: 'client',
        code: 700030,
      },
    ),

    'me-other-id': preset('Mail', '/me answers another id than the token’s oid', { kind: 'me', change: 'other-id' }),
    'send-429': sending('429 with Retry-After: 2', throttled('ApplicationThrottled', IN_2_SECONDS)),
    'send-429-date': sending(
      '429 with a date in Retry-After',
      throttled('ApplicationThrottled', { form: 'http-date', seconds: 2 }),
    ),
    'send-429-without-retry-after': sending('429 without Retry-After', throttled('ApplicationThrottled', undefined)),
    'send-429-too-many-requests': sending('429 TooManyRequests', throttled('TooManyRequests', IN_2_SECONDS)),
    'send-429-activity-limit': sending('429 activityLimitReached', throttled('activityLimitReached', IN_2_SECONDS)),
    'send-503': sending('503 ErrorServerBusy', unavailable(undefined)),
    'send-503-retry-after': sending('503 ErrorServerBusy with Retry-After: 2', unavailable(IN_2_SECONDS)),
    'send-503-store': sending(
      '503 ErrorMailboxStoreUnavailable',
      graphFailure(503, 'ErrorMailboxStoreUnavailable', 'The mailbox store is unavailable.'),
    ),
    'send-500-empty-object': sending('500 with {}', {
      action: 'answer',
      when: 'before',
      status: 500,
      headers: {},
      body: {},
    }),
    'send-502-html': sending('502 with HTML', html(502, 'Bad Gateway')),
    'send-503-html': sending('503 with HTML', html(503, 'Service Unavailable')),
    'send-504': sending('504, not accepted', unknownError(504, 'before')),
    'send-accepted-but-504': sending('accepted, but answered 504', unknownError(504, 'after')),
    'send-accepted-with-retry-after': sending('202 with Retry-After', {
      action: 'add-headers',
      headers: {},
      retryAfter: IN_2_SECONDS,
    }),
    'send-hang': sending('never answers', { action: 'hang', when: 'before' }),
    'send-accepted-but-hang': sending('accepted, but never answers', { action: 'hang', when: 'after' }),
    'send-reset-before': sending('connection reset before processing', { action: 'reset', when: 'before' }),
    'send-reset-after': sending('connection reset after processing', { action: 'reset', when: 'after' }),
    'send-slow': sending('takes 5 s', { action: 'delay', delayMs: 5000 }),
    // Sources disagree on the status.
    'send-message-limit-400': sending('400 ErrorExceededMessageLimit', messageLimit(400)),
    'send-message-limit-403': sending('403 ErrorExceededMessageLimit', messageLimit(403)),
    'send-message-limit-429': sending('429 ErrorExceededMessageLimit', messageLimit(429)),
    'draft-created-but-504': drafting('created, but answered 504', unknownError(504, 'after')),
    'draft-created-but-reset': drafting('created, but the connection is reset', { action: 'reset', when: 'after' }),
    'access-token-revoked': preset('Mail', 'Graph refuses the access token before it expires (401)', {
      kind: 'access-token',
      change: 'revoked',
      endpoint: 'any',
    }),
    'access-token-claims-challenge': preset('Mail', 'Graph refuses the access token with a claims challenge (401)', {
      kind: 'access-token',
      change: 'claims-challenge',
      endpoint: 'any',
    }),
    'upload-session-access-denied': preset(
      'Uploads',
      'No upload session: 403 ErrorAccessDenied',
      http('upload-session-create', graphFailure(403, 'ErrorAccessDenied', 'Access is denied.')),
    ),
    'upload-session-forgotten': preset('Uploads', 'The session of the next range is forgotten (404)', {
      kind: 'upload-session',
      change: 'forgotten',
    }),
    'upload-token-expired': preset('Uploads', 'The URL of the next range is good no more (401)', {
      kind: 'upload-session',
      change: 'token-expired',
    }),
    'upload-range-416': uploading(
      '416 invalidRange',
      graphFailure(416, 'invalidRange', 'Uploaded fragment overlaps with existing data.'),
    ),
    'upload-range-429': uploading('429 with Retry-After: 2', throttled('ApplicationThrottled', IN_2_SECONDS)),
    'upload-range-503': uploading('503, not taken', unavailable(undefined)),
    'upload-range-taken-but-503': uploading('taken, but answered 503', { ...unavailable(undefined), when: 'after' }),
    'upload-range-reset-before': uploading('connection reset before it is taken', { action: 'reset', when: 'before' }),
    'upload-range-reset-after': uploading('connection reset after it is taken', { action: 'reset', when: 'after' }),
    'upload-range-hang': uploading('never answers', { action: 'hang', when: 'before' }),
  }),
)

function preset(group: Preset['group'], title: string, effect: Effect): Preset {
  return { group, title, effect }
}

function http(endpoint: HttpEffect['endpoint'], action: HttpEffect['do']): Effect {
  return { kind: 'http', endpoint, do: action }
}

function sending(title: string, action: HttpEffect['do']): Preset {
  return preset('Mail', `Sending: ${title}`, http('any-send', action))
}

function drafting(title: string, action: HttpEffect['do']): Preset {
  return preset('Mail', `Creating a draft: ${title}`, http('draft-create', action))
}

function uploading(title: string, action: HttpEffect['do']): Preset {
  return preset('Uploads', `The next range: ${title}`, http('upload-range', action))
}

function messageLimit(status: number): HttpEffect['do'] {
  return graphFailure(status, 'ErrorExceededMessageLimit', 'The message limit has been exceeded for this mailbox.')
}
