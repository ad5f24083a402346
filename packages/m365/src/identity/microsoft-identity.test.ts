import { randomBytes } from 'node:crypto'
import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CLOUDS, type CloudName } from '../clouds.ts'
import { readBody, serve } from '../test-support/servers.ts'
import { ADA, control, identityAt, redirectUri, registration, signIn, untilMet } from '../test-support/sign-in.ts'
import { timingOutAt } from '../test-support/time-limit.ts'
import { newSecrets } from './authorization-secrets.ts'
import type { MicrosoftIdentity } from './microsoft-identity.ts'

const SCOPES = ['Mail.Send', 'User.Read']
const OUTAGES = ['token-500-empty-object', 'token-502-html', 'token-503', 'token-429', 'token-hang']

let simulator: Simulator
let identity: MicrosoftIdentity

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, registration })
  identity = identityAt(simulator.authorityHost)
})
afterAll(() => simulator.close())
afterEach(() => control(simulator.url, 'POST', '/reset'))

describe('authorizeUrl', () => {
  it('requests the given scopes and OpenID Connect’s own, and nothing else', async () => {
    const secrets = newSecrets(randomBytes)
    const url = new URL(await identity.authorizeUrl({ scopes: SCOPES, prompt: 'select_account', ...secrets }))
    expect(`${url.origin}${url.pathname}`).toBe(`${simulator.url}/${registration.tenantId}/oauth2/v2.0/authorize`)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: registration.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'Mail.Send User.Read openid profile offline_access',
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: secrets.codeChallenge,
      code_challenge_method: 'S256',
      prompt: 'select_account',
    })
  })
})

describe('the resource of permissions', () => {
  const graphOf = (name: CloudName) => CLOUDS[name].graphBaseUrl

  it.each([
    ['global', 'Mail.Send User.Read'],
    ['gcc-high', 'https://graph.microsoft.us/Mail.Send https://graph.microsoft.us/User.Read'],
    ['dod', 'https://dod-graph.microsoft.us/Mail.Send https://dod-graph.microsoft.us/User.Read'],
    ['china', 'https://microsoftgraph.chinacloudapi.cn/Mail.Send https://microsoftgraph.chinacloudapi.cn/User.Read'],
  ] as const)('is named where a bare name would be ambiguous: %s', async (name, permissions) => {
    const there = identityAt(CLOUDS[name].authorityHost, { graphBaseUrl: graphOf(name) })
    const scope = `${permissions} openid profile offline_access`

    const asked = new URL(await there.authorizeUrl({ scopes: [...SCOPES, 'openid'], ...newSecrets(randomBytes) }))
    expect(asked.searchParams.get('scope')?.split(' ').toSorted()).toEqual(scope.split(' ').toSorted())
    expect(new URL(there.adminConsentUrl({ scopes: SCOPES })).searchParams.get('scope')).toBe(scope)
  })

  it('is named in a refresh, and understood in its answer', async () => {
    let asked = ''
    const host = await serve(async (request, response) => {
      asked = new URLSearchParams((await readBody(request)).toString()).get('scope') ?? ''
      const tokens = { token_type: 'Bearer', access_token: 'access', refresh_token: 'refresh', expires_in: 3600 }
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...tokens, scope: asked }))
    })

    const refresh = await identityAt(host, { graphBaseUrl: graphOf('dod') }).refresh({
      refreshToken: 'old',
      scopes: SCOPES,
    })

    expect(asked.split(' ')).toEqual(
      expect.arrayContaining(['https://dod-graph.microsoft.us/Mail.Send', 'https://dod-graph.microsoft.us/User.Read']),
    )
    expect(asked.split(' ')).not.toContain('Mail.Send')
    expect(refresh).toMatchObject({ outcome: 'granted' })
  })
})

describe('adminConsentUrl', () => {
  it('leads to Microsoft’s page for the whole organisation', async () => {
    const url = new URL(identity.adminConsentUrl({ scopes: SCOPES, state: 'state-1' }))
    expect(`${url.origin}${url.pathname}`).toBe(`${simulator.url}/${registration.tenantId}/v2.0/adminconsent`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: registration.clientId,
      scope: 'Mail.Send User.Read openid profile offline_access',
      redirect_uri: redirectUri,
      state: 'state-1',
    })
    expect((await fetch(url.href)).status).toBe(200)
  })
})

describe('redeemCode', () => {
  it('returns tokens, permissions and the person', async () => {
    expect(await redeemAs(ADA)).toMatchObject({
      outcome: 'granted',
      tokens: { accessToken: expect.any(String), refreshToken: expect.any(String), expiresAt: expect.any(Date) },
      grantedPermissions: ['Mail.Send', 'User.Read'],
      person: {
        tenantId: registration.tenantId,
        objectId: ADA,
        name: 'Ada Admin',
        signInName: 'ada@contoso.com',
        roles: ['Workspace.Admin'],
        guest: false,
      },
    })
  })

  it.each([
    ['no-id-token', /^The answer does not prove who signed in\.$/],
    ['id-token-wrong-nonce', /^The answer does not prove who signed in\.$/], // MSAL finds it, and names no claim
    ['id-token-wrong-audience', /: the aud of its id_token is wrong\.$/],
    ['id-token-wrong-issuer', /: the iss of its id_token is wrong\.$/],
    ['id-token-wrong-signature', /: the signature of its id_token is wrong\.$/],
    ['id-token-expired', /: the exp of its id_token is wrong\..*check the clock of the machine/],
  ])('refuses %s, and names the faulty claim where it is known', async (name, detail) => {
    await scenario(name)
    expect(await redeemAs(ADA)).toMatchObject({
      outcome: 'refused',
      explanation: { kind: 'unexpected-answer', detail: expect.stringMatching(detail) },
    })
  })

  it('refuses an account of another organisation', async () => {
    await scenario('id-token-wrong-tenant')
    expect(await redeemAs(ADA)).toMatchObject({ outcome: 'refused', explanation: { kind: 'wrong-account' } })
  })

  it.each(['<html>Welcome to the hotel</html>', '{}', '[]', 'null', '"x"', '{"access_token":""}'])(
    'does not expect 200 with %s of Entra',
    async (body) => {
      const origin = await serve((_request, response) => response.setHeader('x-ms-request-id', 'request').end(body))
      const request = { code: 'code', codeVerifier: 'v'.repeat(43), nonce: 'nonce', scopes: SCOPES }
      expect(await identityAt(origin).redeemCode(request)).toMatchObject({
        outcome: 'refused',
        explanation: { kind: 'unexpected-answer' },
      })
    },
  )

  it('reports an outage when the keys cannot be fetched', async () => {
    await control(simulator.url, 'POST', '/scenarios', {
      effect: { kind: 'http', endpoint: 'keys', do: { action: 'answer', status: 503 } },
    })
    const fresh = identityAt(simulator.authorityHost)
    expect(await redeemAs(ADA, SCOPES, {}, fresh)).toMatchObject({
      outcome: 'refused',
      explanation: { kind: 'microsoft-unavailable' },
    })
  })

  it('fetches the keys again as soon as Microsoft signs with a new one', async () => {
    const signer = { keys: await newSigningKey('key-1') }
    const origin = await serve((request, response) => {
      if (request.url?.endsWith('/keys')) response.end(JSON.stringify({ keys: [signer.keys.jwk] }))
      else
        void signer.keys
          .idToken(origin)
          .then((id_token) => response.end(JSON.stringify({ access_token: 'a', id_token })))
    })
    const rotating = identityAt(origin)
    const request = { code: 'code', codeVerifier: 'v'.repeat(43), nonce: 'nonce-1', scopes: SCOPES }
    expect(await rotating.redeemCode(request)).toMatchObject({ outcome: 'granted' })
    signer.keys = await newSigningKey('key-2')
    expect(await rotating.redeemCode(request)).toMatchObject({ outcome: 'granted' })
  })

  it('never shows code, verifier or secret in an explanation', async () => {
    await scenario('secret-wrong')
    const code = `code-${randomBytes(8).toString('hex')}`
    const { codeVerifier, nonce } = newSecrets(randomBytes)
    const shown = JSON.stringify(await identity.redeemCode({ code, codeVerifier, nonce, scopes: SCOPES }))
    expect(shown).toContain('AADSTS7000215')
    for (const secret of [code, codeVerifier, registration.clientSecret]) expect(shown).not.toContain(secret)
  })
})

describe('refresh', () => {
  it('returns a new access token and the rotated refresh token', async () => {
    const { refreshToken, accessToken } = await tokensOfAda()
    const refresh = await identity.refresh({ refreshToken, scopes: SCOPES })
    if (refresh.outcome === 'refused') throw new Error(refresh.explanation.detail)
    expect(refresh.tokens.accessToken).not.toBe(accessToken)
    expect(refresh.tokens.refreshToken).not.toBe(refreshToken)
    expect(await identity.refresh({ refreshToken: refresh.tokens.refreshToken, scopes: SCOPES })).toMatchObject({
      outcome: 'granted',
    })
  })

  it('keeps the old refresh token when the answer has none', async () => {
    const { refreshToken } = await tokensOfAda()
    await scenario('no-refresh-token')
    expect(await identity.refresh({ refreshToken, scopes: SCOPES })).toMatchObject({
      outcome: 'granted',
      tokens: { refreshToken },
    })
  })

  it('assumes Microsoft’s shortest lifetime for a token without one', async () => {
    const origin = await serve((_request, response) => response.end('{"access_token":"a","token_type":"Bearer"}'))
    const stopped = identityAt(origin, { clock: () => new Date('2026-11-24T10:00:00.000Z') })
    expect(await stopped.refresh({ refreshToken: 'token', scopes: SCOPES })).toMatchObject({
      tokens: { expiresAt: new Date('2026-11-24T11:00:00.000Z') },
    })
  })

  it.each([
    'refresh-inactive',
    'refresh-revoked',
    'refresh-revoked-without-suberror',
    'refresh-sign-in-frequency',
    'refresh-conditional-access',
    'refresh-consent-removed',
  ])('asks for a new connection after %s', async (name) => {
    const { refreshToken } = await tokensOfAda()
    await scenario(name)
    expect(await identity.refresh({ refreshToken, scopes: SCOPES })).toMatchObject({
      outcome: 'refused',
      explanation: { kind: 'reconnect-required', correlationId: expect.any(String), aadstsCode: expect.any(Number) },
    })
  })

  it.each(OUTAGES)('keeps the connection through %s, and refreshes at once afterwards', async (name) => {
    const { refreshToken } = await tokensOfAda()
    await scenario(name)
    expect(await identityFor(name).refresh({ refreshToken, scopes: SCOPES })).toMatchObject({
      outcome: 'refused',
      explanation: { kind: 'microsoft-unavailable' },
    })
    expect(await identity.refresh({ refreshToken, scopes: SCOPES })).toMatchObject({ outcome: 'granted' })
  })

  it.each(['<html>Welcome to the hotel</html>', '{}', '{"access_token":""}'])(
    'keeps the connection through 200 with %s',
    async (body) => {
      const origin = await serve((_request, response) => response.setHeader('x-ms-request-id', 'request').end(body))
      expect(await identityAt(origin).refresh({ refreshToken: 'token', scopes: SCOPES })).toMatchObject({
        outcome: 'refused',
        explanation: { kind: 'microsoft-unavailable' },
      })
    },
  )
})

describe.each<[string, (identity: MicrosoftIdentity) => Promise<unknown>]>([
  ['redeemCode', (at) => at.redeemCode({ code: 'code', codeVerifier: 'v'.repeat(43), nonce: 'n', scopes: SCOPES })],
  ['refresh', (at) => at.refresh({ refreshToken: 'token', scopes: SCOPES })],
  ['applicationToken', (at) => at.applicationToken({ leg: 'application' })],
])('%s', (_name, call) => {
  it.each([
    [200, '<html>Welcome to the hotel</html>'],
    [302, ''],
    [400, '{"error":"invalid_grant","error_description":"AADSTS50173: …"}'],
    [429, '{"error":"invalid_client","error_codes":["7000215"]}'],
  ])('learns nothing of Entra from HTTP %i with %j of something in between', async (status, body) => {
    const origin = await serve((_request, response) => response.writeHead(status, { 'retry-after': '5' }).end(body))
    expect(await call(identityAt(origin))).toMatchObject({
      outcome: 'refused',
      retryAfter: expect.any(Date),
      explanation: {
        kind: 'microsoft-unavailable',
        detail: expect.stringContaining(`for ${new URL(origin).host}: HTTP ${status}`),
        action: expect.stringContaining('the proxy, the firewall or the gateway'),
      },
      gateway: { status },
    })
  })
})

function identityFor(outage: string): MicrosoftIdentity {
  const impatient = { fetch: timingOutAt(() => untilMet(simulator.url)) }
  return identityAt(simulator.authorityHost, outage === 'token-hang' ? impatient : {})
}

async function newSigningKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const { tenantId, clientId } = registration
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' },
    idToken: (authorityHost: string) =>
      new SignJWT({ oid: ADA, tid: tenantId, nonce: 'nonce-1' })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setIssuer(`${authorityHost}/${tenantId}/v2.0`)
        .setAudience(clientId)
        .setExpirationTime('1h')
        .sign(privateKey),
  }
}

async function redeemAs(
  oid: string,
  scopes: readonly string[] = SCOPES,
  change: { readonly codeVerifier?: string } = {},
  at = identity,
) {
  const { codeVerifier, ...secrets } = newSecrets(randomBytes)
  const { code = '' } = await signIn(await at.authorizeUrl({ scopes, prompt: 'select_account', ...secrets }), oid)
  return at.redeemCode({ code, codeVerifier, nonce: secrets.nonce, scopes, ...change })
}

async function tokensOfAda() {
  const redemption = await redeemAs(ADA)
  if (redemption.outcome === 'refused') throw new Error(redemption.explanation.detail)
  const { accessToken, refreshToken } = redemption.tokens
  if (refreshToken === null) throw new Error('There was no refresh token.')
  return { accessToken, refreshToken }
}

function scenario(name: string) {
  return control(simulator.url, 'POST', '/scenarios', { name })
}
