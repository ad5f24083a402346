import type { Effect } from './scenario.ts'

export interface Preset {
  readonly title: string
  readonly group: 'Sign-in and consent' | 'Tokens' | 'App registration' | 'Mail'
  readonly effect: Effect
}

const CLAIMS_CHALLENGE =
  '{"access_token":{"capolids":{"essential":true,"values":["5c1a2f0e-3d8b-4f6a-9b1e-7d2c4a6e8f01"]}}}'

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
    'token-500-empty-object': preset(
      'Tokens',
      'Token endpoint answers 500 with {}',
      http('token', { action: 'answer', when: 'before', status: 500, headers: {}, body: {} }),
    ),
    'token-502-html': preset(
      'Tokens',
      'Token endpoint answers 502 with HTML',
      http('token', {
        action: 'answer',
        when: 'before',
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      }),
    ),
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

    'me-other-id': preset('Mail', '/me answers another id than the token’s oid', { kind: 'me', change: 'other-id' }),
    'send-429': preset(
      'Mail',
      'sendMail: 429 with Retry-After: 2',
      http('sendMail', {
        action: 'answer',
        when: 'before',
        status: 429,
        headers: { 'retry-after': '2' },
        body: graphBody('ApplicationThrottled', 'Application is over its RequestRate limit.'),
      }),
    ),
    'send-503': preset(
      'Mail',
      'sendMail: 503 ErrorServerBusy',
      http('sendMail', {
        action: 'answer',
        when: 'before',
        status: 503,
        headers: {},
        body: graphBody('ErrorServerBusy', 'The server is too busy. Try again later.'),
      }),
    ),
    'send-500-empty-object': preset(
      'Mail',
      'sendMail: 500 with {}',
      http('sendMail', { action: 'answer', when: 'before', status: 500, headers: {}, body: {} }),
    ),
    'send-502-html': preset(
      'Mail',
      'sendMail: 502 with HTML',
      http('sendMail', {
        action: 'answer',
        when: 'before',
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      }),
    ),
    'send-accepted-but-504': preset(
      'Mail',
      'sendMail: accepted, but answered 504',
      http('sendMail', {
        action: 'answer',
        when: 'after',
        status: 504,
        headers: {},
        body: graphBody('UnknownError', ''),
      }),
    ),
    'send-accepted-with-retry-after': preset(
      'Mail',
      'sendMail: 202 with Retry-After',
      http('sendMail', { action: 'add-headers', headers: { 'retry-after': '2' } }),
    ),
    'send-hang': preset('Mail', 'sendMail: never answers', http('sendMail', { action: 'hang', when: 'before' })),
    'send-reset-before': preset(
      'Mail',
      'sendMail: connection reset before processing',
      http('sendMail', { action: 'reset', when: 'before' }),
    ),
    'send-reset-after': preset(
      'Mail',
      'sendMail: connection reset after processing',
      http('sendMail', { action: 'reset', when: 'after' }),
    ),
    'send-slow': preset('Mail', 'sendMail: takes 5 s', http('sendMail', { action: 'delay', delayMs: 5000 })),
  }),
)

function preset(group: Preset['group'], title: string, effect: Effect): Preset {
  return { group, title, effect }
}

function http(endpoint: 'token' | 'sendMail', action: Extract<Effect, { kind: 'http' }>['do']): Effect {
  return { kind: 'http', endpoint, do: action }
}

function graphBody(code: string, message: string): { error: { code: string; message: string } } {
  return { error: { code, message } }
}
