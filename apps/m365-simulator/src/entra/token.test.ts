import { beforeEach, describe, expect, it } from 'vitest'
import {
  ALL_SCOPES,
  entraFailure,
  REDIRECT_URI,
  REGISTRATION,
  type Simulated,
  simulate,
  VERIFIER,
} from '../test-support/simulated.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const CLIENT = { client_id: REGISTRATION.clientId, client_secret: REGISTRATION.clientSecret }
let simulated: Simulated
let nowMs: number
beforeEach(async () => {
  nowMs = Date.parse('2026-11-24T10:00:00Z')
  simulated = await simulate({ clock: () => new Date(nowMs) })
})

async function codeOf(change: Record<string, string | null> = {}): Promise<string> {
  return (await simulated.consent('ada', change)).get('code') ?? ''
}

async function refreshTokenOf(scope = ALL_SCOPES): Promise<string> {
  return (await simulated.signIn('ada', scope)).refresh_token ?? ''
}

describe('the request', () => {
  it.each([
    ['grant_type', 900144],
    ['client_id', 900144],
    ['code', 900144],
    ['redirect_uri', 900144],
    ['client_secret', 7000218],
  ])('without %s is refused with AADSTS%i', async (name, code) => {
    const whole = { ...CLIENT, grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT_URI }
    const parameters = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name))
    expect(await entraFailure(await simulated.token(parameters))).toMatchObject({ error_codes: [code] })
  })
})

describe('a code', () => {
  const NO_CHALLENGE = { code_challenge: null, code_challenge_method: null }

  it('is good once', async () => {
    const code = await codeOf()
    expect((await simulated.redeem(code)).status).toBe(200)
    const failure = await entraFailure(await simulated.redeem(code))
    expect(failure).toMatchObject({ error: 'invalid_grant', error_codes: [54005] })
  })

  it('is good for ten minutes', async () => {
    const code = await codeOf()
    nowMs += 10 * MINUTE_MS + 1
    expect(await entraFailure(await simulated.redeem(code))).toMatchObject({ error_codes: [70008] })
  })

  it.each<[string, Record<string, null>, Record<string, string>]>([
    ['another verifier', {}, { code_verifier: 'a'.repeat(43) }],
    ['a malformed verifier', {}, { code_verifier: 'short' }],
    ['no verifier although it was issued with a challenge', {}, { code_verifier: '' }],
    ['a verifier although it was issued without a challenge', NO_CHALLENGE, {}],
  ])('with %s is refused with AADSTS501481', async (_what, request, change) => {
    const parameters = { ...CLIENT, grant_type: 'authorization_code', redirect_uri: REDIRECT_URI }
    const code = await codeOf(request)
    const verifier = { code_verifier: VERIFIER, ...change }
    const response = await simulated.token({ ...parameters, code, ...(verifier.code_verifier !== '' && verifier) })
    expect(await entraFailure(response)).toMatchObject({ error: 'invalid_grant', error_codes: [501481] })
  })

  it('needs the exact redirect URI of its request, port included', async () => {
    const redirect_uri = 'http://localhost:3001/auth/microsoft/callback'
    const response = await simulated.redeem(await codeOf(), { redirect_uri })
    expect(await entraFailure(response)).toMatchObject({ error_codes: [500112] })
  })
})

describe('a refresh token', () => {
  it('ends after 90 days without use, with AADSTS700082', async () => {
    const token = await refreshTokenOf()
    nowMs += 89 * DAY_MS
    expect((await simulated.refresh(token)).status).toBe(200)
    nowMs += 91 * DAY_MS
    const failure = await entraFailure(await simulated.refresh(token))
    expect(failure).toMatchObject({ error: 'invalid_grant', error_codes: [700082] })
  })
})

it.each([
  ['no scope', { scope: '' }, 400, 900144],
  ['a named scope', { scope: 'https://graph.microsoft.com/Mail.Send' }, 400, 1002012],
  ['.default of an address that is not Graph’s', { scope: 'https://graph.contoso.com/.default' }, 400, 500011],
  ['.default together with another scope', { scope: 'https://graph.microsoft.com/.default openid' }, 400, 1002012],
  ['a wrong secret', { client_secret: 'wrong' }, 401, 7000215],
  ['a secret and an assertion', { client_assertion: 'x' }, 400, 9002313],
])('an application with %s is refused', async (_what, change, status, code) => {
  expect(await entraFailure(await simulated.applicationToken(change))).toMatchObject({ status, error_codes: [code] })
})
