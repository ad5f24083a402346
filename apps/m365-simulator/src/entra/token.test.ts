import { describe, expect, it } from 'vitest'
import {
  ALL_SCOPES,
  type EntraFailure,
  REDIRECT_URI,
  REGISTRATION,
  type Simulated,
  simulate,
  type Tokens,
  VERIFIER,
} from '../test-support/simulated.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

async function failure(response: Response): Promise<EntraFailure & { status: number }> {
  return { status: response.status, ...((await response.json()) as EntraFailure) }
}

function refresh(simulated: Simulated, refreshToken: string | undefined, change: Record<string, string> = {}) {
  return simulated.token({
    client_id: REGISTRATION.clientId,
    client_secret: REGISTRATION.clientSecret,
    grant_type: 'refresh_token',
    refresh_token: refreshToken ?? '',
    ...change,
  })
}

function steppingClock(): { clock: () => Date; advance: (ms: number) => void } {
  let nowMs = Date.parse('2026-11-24T10:00:00Z')
  return {
    clock: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms
    },
  }
}

describe('the request', () => {
  it('is not read from JSON', async () => {
    const simulated = await simulate()
    const response = await fetch(`${simulated.url}/${REGISTRATION.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'refresh_token' }),
    })
    expect(await failure(response)).toMatchObject({ status: 400, error: 'invalid_request', error_codes: [900144] })
  })

  it('by GET is refused with AADSTS900561', async () => {
    const simulated = await simulate()
    const response = await fetch(`${simulated.url}/${REGISTRATION.tenantId}/oauth2/v2.0/token`)
    expect(await failure(response)).toMatchObject({ status: 400, error_codes: [900561] })
  })

  it.each([
    ['grant_type', 900144],
    ['client_id', 900144],
    ['code', 900144],
    ['redirect_uri', 900144],
    ['client_secret', 7000218],
  ])('without %s is refused with AADSTS%i', async (name, code) => {
    const simulated = await simulate()
    const form: Record<string, string> = {
      client_id: REGISTRATION.clientId,
      client_secret: REGISTRATION.clientSecret,
      grant_type: 'authorization_code',
      code: 'x',
      redirect_uri: REDIRECT_URI,
    }
    delete form[name]
    expect(await failure(await simulated.token(form))).toMatchObject({ error_codes: [code] })
  })

  it('with a parameter given twice is refused', async () => {
    const simulated = await simulate()
    const response = await fetch(`${simulated.url}/${REGISTRATION.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=refresh_token&grant_type=authorization_code',
    })
    expect(await failure(response)).toMatchObject({ error_codes: [9000411] })
  })

  it('for another grant is unsupported_grant_type', async () => {
    const simulated = await simulate()
    const response = await refresh(simulated, 'x', { grant_type: 'password' })
    expect(await failure(response)).toMatchObject({ error: 'unsupported_grant_type' })
  })

  it('below another tenant is refused', async () => {
    const simulated = await simulate()
    const response = await fetch(`${simulated.url}/fabrikam.com/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token' }),
    })
    expect(await failure(response)).toMatchObject({ error_codes: [90002] })
  })

  it('from a page is refused, since the client is confidential', async () => {
    const simulated = await simulate()
    const response = await simulated.token(
      {
        client_id: REGISTRATION.clientId,
        client_secret: REGISTRATION.clientSecret,
        grant_type: 'refresh_token',
        refresh_token: 'x',
      },
      { origin: 'http://localhost:3000' },
    )
    expect(await failure(response)).toMatchObject({ error_codes: [9002326] })
  })
})

describe('the client', () => {
  it('with a wrong secret is invalid_client, 401', async () => {
    const simulated = await simulate()
    const response = await refresh(simulated, 'x', { client_secret: 'wrong' })
    expect(await failure(response)).toMatchObject({ status: 401, error: 'invalid_client', error_codes: [7000215] })
  })

  it('that is unknown is unauthorized_client', async () => {
    const simulated = await simulate()
    const response = await refresh(simulated, 'x', { client_id: '00000000-0000-0000-0000-000000000001' })
    expect(await failure(response)).toMatchObject({ status: 400, error: 'unauthorized_client', error_codes: [700016] })
  })

  it('may authenticate by HTTP Basic, form-encoded', async () => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const pair = `${REGISTRATION.clientId}:${encodeURIComponent(REGISTRATION.clientSecret)}`
    const response = await simulated.token(
      { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER },
      { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    )
    expect(response.status).toBe(200)
  })

  it('may not authenticate in two ways at once', async () => {
    const simulated = await simulate()
    const pair = `${REGISTRATION.clientId}:${encodeURIComponent(REGISTRATION.clientSecret)}`
    const response = await simulated.token(
      { grant_type: 'refresh_token', refresh_token: 'x', client_secret: REGISTRATION.clientSecret },
      { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    )
    expect(await failure(response)).toMatchObject({ error: 'invalid_request' })
  })

  it.each([
    ['secret-wrong', 7000215],
    ['secret-expired', 7000222],
  ])('in the scenario %s is refused with AADSTS%i, 401', async (name, code) => {
    const simulated = await simulate()
    await simulated.control('POST', '/scenarios', { name })
    const response = await refresh(simulated, 'x')
    expect(await failure(response)).toMatchObject({ status: 401, error: 'invalid_client', error_codes: [code] })
  })
})

describe('a failure', () => {
  it('has numbers for codes, ids, a timestamp and a description of several lines', async () => {
    const simulated = await simulate()
    const refused = await failure(await refresh(simulated, 'x'))
    expect(refused).toEqual({
      status: 400,
      error: 'invalid_grant',
      error_description: `AADSTS70000: The provided value for the input parameter 'refresh_token' is not valid.\r\nTrace ID: ${refused.trace_id}\r\nCorrelation ID: ${refused.correlation_id}\r\nTimestamp: ${refused.timestamp}`,
      error_codes: [70000],
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/),
      trace_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      error_uri: `${simulated.url}/error?code=70000`,
    })
  })

  it('repeats the client’s request id as correlation id', async () => {
    const simulated = await simulate()
    const id = '9b1e7d2c-4a6e-4f01-8c5a-1a2f0e3d8b4f'
    const response = await simulated.token({ grant_type: 'refresh_token' }, { 'client-request-id': id })
    expect((await failure(response)).correlation_id).toBe(id)
  })
})

describe('a code', () => {
  it('is good once', async () => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    expect((await simulated.redeem(code)).status).toBe(200)
    expect(await failure(await simulated.redeem(code))).toMatchObject({ error: 'invalid_grant', error_codes: [54005] })
  })

  it('is good for ten minutes', async () => {
    const { clock, advance } = steppingClock()
    const simulated = await simulate({ clock })
    const code = (await simulated.consent('ada')).get('code') ?? ''
    advance(10 * MINUTE_MS + 1)
    expect(await failure(await simulated.redeem(code))).toMatchObject({ error_codes: [70008] })
  })

  it('that was never issued is refused', async () => {
    const simulated = await simulate()
    expect(await failure(await simulated.redeem('1.invented'))).toMatchObject({
      error: 'invalid_grant',
      error_codes: [70000],
    })
  })

  it.each([
    ['another verifier', 'a'.repeat(43)],
    ['a malformed verifier', 'short'],
  ])('with %s is refused with AADSTS501481', async (_what, verifier) => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const response = await simulated.redeem(code, { code_verifier: verifier })
    expect(await failure(response)).toMatchObject({ error: 'invalid_grant', error_codes: [501481] })
  })

  it('issued with a challenge is not redeemed without a verifier', async () => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const response = await simulated.token({
      client_id: REGISTRATION.clientId,
      client_secret: REGISTRATION.clientSecret,
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
    })
    expect(await failure(response)).toMatchObject({ error_codes: [501481] })
  })

  it('issued without a challenge is not redeemed with a verifier', async () => {
    const simulated = await simulate()
    const code =
      (await simulated.consent('ada', { code_challenge: null, code_challenge_method: null })).get('code') ?? ''
    expect(await failure(await simulated.redeem(code))).toMatchObject({ error_codes: [501481] })
  })

  it('needs the very redirect URI of its request, port included', async () => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const response = await simulated.redeem(code, { redirect_uri: 'http://localhost:3001/auth/microsoft/callback' })
    expect(await failure(response)).toMatchObject({ error_codes: [500112] })
  })
})

describe('the answer', () => {
  it('is never stored and carries a request id', async () => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    const { headers } = await simulated.redeem(code)
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('x-ms-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('lists all that is granted, also from earlier consents, without offline_access', async () => {
    const simulated = await simulate()
    await simulated.signIn('ada', 'openid profile offline_access Mail.ReadWrite')
    const tokens = await simulated.signIn('ada', 'openid Mail.Send')
    expect(new Set(tokens.scope?.split(' '))).toEqual(new Set(['openid', 'profile', 'Mail.ReadWrite', 'Mail.Send']))
  })

  it('has a refresh token only with offline_access', async () => {
    const simulated = await simulate()
    expect(await simulated.signIn('ada', 'openid Mail.Send')).not.toHaveProperty('refresh_token')
    expect(await simulated.signIn('ada', 'openid Mail.Send offline_access')).toHaveProperty('refresh_token')
  })

  it('has an id_token only with openid', async () => {
    const simulated = await simulate()
    expect(await simulated.signIn('ada', 'Mail.Send')).not.toHaveProperty('id_token')
  })

  it('has client_info only when client_info=1 was sent', async () => {
    const simulated = await simulate()
    const code = (await simulated.consent('ada')).get('code') ?? ''
    expect(await (await simulated.redeem(code, { client_info: '1' })).json()).toHaveProperty('client_info')
    expect(await simulated.signIn('ada')).not.toHaveProperty('client_info')
  })

  it('lives 60 to 90 minutes unless set otherwise', async () => {
    const simulated = await simulate()
    const { expires_in: expiresIn } = await simulated.signIn('ada')
    expect(expiresIn).toBeGreaterThanOrEqual(3599)
    expect(expiresIn).toBeLessThan(5400)
    await simulated.control('PATCH', '/settings', { accessTokenSeconds: 10 })
    expect((await simulated.signIn('ada')).expires_in).toBe(9)
  })

  it.each([
    ['qualified', 'https://graph.microsoft.com/Mail.Send openid'],
    ['upper-case', 'MAIL.SEND OPENID'],
    ['more', 'Mail.Send openid Calendars.Read'],
    ['absent', undefined],
  ])('spells scopes as set: %s', async (scopeWording, scope) => {
    const simulated = await simulate()
    await simulated.control('PATCH', '/settings', { scopeWording })
    expect((await simulated.signIn('ada', 'Mail.Send openid')).scope).toBe(scope)
  })
})

describe('scopes of a token request', () => {
  it('beyond what was consented are refused with AADSTS65001 and consent_required', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada', 'openid offline_access Mail.Send')
    const response = await refresh(simulated, token, { scope: 'Mail.ReadWrite' })
    expect(await failure(response)).toMatchObject({
      error: 'invalid_grant',
      suberror: 'consent_required',
      error_codes: [65001],
    })
  })

  it('of two resources are refused with AADSTS700022', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    const response = await refresh(simulated, token, { scope: 'Mail.Send https://outlook.office.com/SMTP.Send' })
    expect(await failure(response)).toMatchObject({ error: 'invalid_scope', error_codes: [700022] })
  })

  it('mixing .default with a named one are refused with AADSTS70011', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    const response = await refresh(simulated, token, { scope: '.default Mail.Send' })
    expect(await failure(response)).toMatchObject({ error: 'invalid_scope', error_codes: [70011] })
  })
})

describe('a refresh token', () => {
  it('brings a new one, and stays good itself', async () => {
    const simulated = await simulate()
    const first = await simulated.signIn('ada')
    const second = (await (await refresh(simulated, first.refresh_token)).json()) as Tokens
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect((await refresh(simulated, first.refresh_token)).status).toBe(200)
    expect((await refresh(simulated, second.refresh_token)).status).toBe(200)
  })

  it('used with fewer scopes still stands for all of them afterwards', async () => {
    const simulated = await simulate()
    const first = await simulated.signIn('ada')
    const narrow = await refresh(simulated, first.refresh_token, { scope: 'Mail.Send offline_access' })
    const { refresh_token: rotated } = (await narrow.json()) as Tokens
    expect(await (await refresh(simulated, rotated)).json()).toHaveProperty('id_token')
  })

  it('ends after 90 days without use, with AADSTS700082', async () => {
    const { clock, advance } = steppingClock()
    const simulated = await simulate({ clock })
    const { refresh_token: token } = await simulated.signIn('ada')
    advance(89 * DAY_MS)
    expect((await refresh(simulated, token)).status).toBe(200)
    advance(91 * DAY_MS)
    expect(await failure(await refresh(simulated, token))).toMatchObject({
      error: 'invalid_grant',
      error_codes: [700082],
    })
  })

  it('ends when the person’s sessions are revoked, with AADSTS50173', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    await simulated.control('POST', '/people/ada@contoso.com/revoke-tokens')
    expect(await failure(await refresh(simulated, token))).toMatchObject({
      error_codes: [50173],
      suberror: 'bad_token',
    })
  })

  it('issued after a revocation is good', async () => {
    const { clock, advance } = steppingClock()
    const simulated = await simulate({ clock })
    await simulated.control('POST', '/people/ada@contoso.com/revoke-tokens')
    advance(1000)
    const { refresh_token: token } = await simulated.signIn('ada')
    expect((await refresh(simulated, token)).status).toBe(200)
  })

  it('ends when the consent is removed, with AADSTS65001', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    await simulated.control('POST', '/people/ada@contoso.com/remove-consents')
    expect(await failure(await refresh(simulated, token))).toMatchObject({
      error_codes: [65001],
      suberror: 'consent_required',
    })
  })

  it('ends when the account is disabled, with AADSTS50057', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    await simulated.control('PUT', '/people/ada@contoso.com/enabled', { enabled: false })
    expect(await failure(await refresh(simulated, token))).toMatchObject({ error_codes: [50057] })
  })

  it.each([
    ['refresh-inactive', 700082, undefined],
    ['refresh-revoked', 50173, 'bad_token'],
    ['refresh-revoked-without-suberror', 50173, undefined],
    ['refresh-sign-in-frequency', 70043, 'bad_token'],
    ['refresh-conditional-access', 53003, 'message_only'],
    ['refresh-consent-removed', 65001, 'consent_required'],
  ])('in the scenario %s is refused once with AADSTS%i and suberror %s', async (name, code, suberror) => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    await simulated.control('POST', '/scenarios', { name })
    const refused = await failure(await refresh(simulated, token))
    expect(refused).toMatchObject({ status: 400, error: 'invalid_grant', error_codes: [code] })
    expect(refused.suberror).toBe(suberror)
    expect((await refresh(simulated, token)).status).toBe(200)
  })

  it('is refused by a policy until somebody signs in with the claims that it demands', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    const claims = '{"access_token":{"capolids":{"values":["mfa"]}}}'
    const effect = { kind: 'entra-error', at: 'refresh', code: 50076, claims, untilClaimsAreAskedFor: true }
    await simulated.control('POST', '/scenarios', { effect, times: 'always' })
    expect(await failure(await refresh(simulated, token))).toMatchObject({ error_codes: [50076], claims })

    await simulated.consent('ada', { claims: '{"access_token":{"capolids":{"values":["other"]}}}' })
    expect((await refresh(simulated, token)).status).toBe(400)
    await simulated.consent('ada', { claims: '{"access_token":{"capolids":{"values":["mfa"]},"nbf":{}}}' })

    expect((await refresh(simulated, token)).status).toBe(200)
  })

  it('is left out of the answer in the scenario no-refresh-token', async () => {
    const simulated = await simulate()
    const { refresh_token: token } = await simulated.signIn('ada')
    await simulated.control('POST', '/scenarios', { name: 'no-refresh-token' })
    expect(await (await refresh(simulated, token)).json()).not.toHaveProperty('refresh_token')
  })

  it('of a sign-in without offline_access does not exist, whatever the token request asks', async () => {
    const simulated = await simulate()
    await simulated.signIn('ada', ALL_SCOPES)
    const code = (await simulated.consent('ada', { scope: 'openid Mail.Send' })).get('code') ?? ''
    const response = await simulated.redeem(code, { scope: 'Mail.Send offline_access' })
    expect(await response.json()).not.toHaveProperty('refresh_token')
  })
})

describe('trouble at the token endpoint', () => {
  it('500 with an empty object', async () => {
    const simulated = await simulate()
    await simulated.control('POST', '/scenarios', { name: 'token-500-empty-object' })
    const response = await refresh(simulated, 'x')
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('{}')
  })

  it('502 with HTML', async () => {
    const simulated = await simulate()
    await simulated.control('POST', '/scenarios', { name: 'token-502-html' })
    const response = await refresh(simulated, 'x')
    expect(response.status).toBe(502)
    expect(response.headers.get('content-type')).toBe('text/html')
  })

  it('can be for refreshes only', async () => {
    const simulated = await simulate()
    const tokens = await simulated.signIn('ada')
    const effect = {
      kind: 'http',
      endpoint: 'token',
      grantType: 'refresh_token',
      do: { action: 'answer', status: 503 },
    }
    await simulated.control('POST', '/scenarios', { effect, times: 'always' })
    await expect(simulated.signIn('ada')).resolves.toHaveProperty('access_token')
    expect((await refresh(simulated, tokens.refresh_token)).status).toBe(503)
  })

  it('can be tokens for fewer permissions than were consented to, once', async () => {
    const simulated = await simulate()
    const { refresh_token: refreshToken } = await simulated.signIn('ada')
    const scopesOf = async () => {
      const { scope, access_token: token } = (await (await refresh(simulated, refreshToken)).json()) as Tokens
      const { scp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { scp: string }
      return [scope?.split(' ').includes('Mail.Send'), scp.split(' ').includes('Mail.Send')]
    }
    await simulated.control('POST', '/scenarios', { name: 'token-without-mail-send' })

    expect(await scopesOf()).toEqual([false, false])
    expect(await scopesOf()).toEqual([true, true])
  })
})
