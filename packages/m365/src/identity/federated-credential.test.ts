import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { ADA, control, identityAt, readControl, registration, signIn } from '../test-support/sign-in.ts'
import { newSecrets } from './authorization-secrets.ts'
import type { MicrosoftIdentity } from './microsoft-identity.ts'

const { tenantId, clientId } = registration
const ISSUER = 'https://issuer.contoso.com/cluster'
const SUBJECT = 'system:serviceaccount:mail:inforiver-mail'
const SCOPES = ['Mail.Send']
const HOUR_SECONDS = 3_600

const now = () => Math.floor(new Date().getTime() / 1_000)
const keys = await generateKeyPair('RS256')
let folder: string
let tokenFile: string
let simulator: Simulator
let identity: MicrosoftIdentity

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'federated-'))
  tokenFile = join(folder, 'token')
  simulator = await startSimulator({
    port: 0,
    registration: {
      ...registration,
      federatedCredential: { issuer: ISSUER, subject: SUBJECT, keys: [await exportJWK(keys.publicKey)] },
    },
  })
  identity = identityAt(simulator.authorityHost, {
    registration: { tenantId, clientId, federatedTokenFile: tokenFile },
  })
})
afterAll(async () => {
  await simulator.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => issue())
afterEach(() => control(simulator.url, 'POST', '/reset'))

/** Puts a token into the file, as the issuer does again and again. */
async function issue(claims: JWTPayload = {}, signer = keys.privateKey, alg = 'RS256'): Promise<void> {
  const token = await new SignJWT({
    iss: ISSUER,
    sub: SUBJECT,
    aud: 'api://AzureADTokenExchange',
    exp: now() + HOUR_SECONDS,
    ...claims,
  })
    .setProtectedHeader({ alg })
    .sign(signer)
  await writeFile(tokenFile, `${token}\n`)
}

async function redeem(leg: 'redeem' | 'sign-in') {
  const { state, nonce, codeVerifier, codeChallenge } = newSecrets(randomBytes)
  const { code = '' } = await signIn(await identity.authorizeUrl({ scopes: SCOPES, state, nonce, codeChallenge }), ADA)
  return identity.redeemCode({ code, codeVerifier, nonce, scopes: SCOPES, leg })
}

it('authenticates the application, and reads the file each time', async () => {
  expect(await identity.applicationToken({ leg: 'redeem' })).toMatchObject({ outcome: 'granted' })

  await issue({ sub: 'someone else' })
  expect(await identity.applicationToken({ leg: 'application' })).toMatchObject({ outcome: 'refused' })

  await issue({ jti: 'renewed' })
  expect(await identity.applicationToken({ leg: 'application' })).toMatchObject({ outcome: 'granted' })
})

it('authenticates sign-ins, consents and refreshes of a person', async () => {
  expect(await redeem('sign-in')).toMatchObject({ outcome: 'granted', person: { objectId: ADA } })
  const consent = await redeem('redeem')
  if (consent.outcome !== 'granted') throw new Error(consent.explanation.detail)

  const refreshToken = consent.tokens.refreshToken ?? ''
  expect(await identity.refresh({ refreshToken, scopes: SCOPES })).toMatchObject({ outcome: 'granted' })
})

it('keeps the connection while Entra does not know a new credential yet, and works as soon as it does', async () => {
  await control(simulator.url, 'POST', '/scenarios', { name: 'federated-credential-unknown', times: 2 })

  const refused = { outcome: 'refused', explanation: { kind: 'app-misconfigured', aadstsCode: 70021 } }
  expect(await identity.applicationToken({ leg: 'application' })).toMatchObject(refused)
  expect(await identity.applicationToken({ leg: 'application' })).toMatchObject(refused)
  expect(await identity.applicationToken({ leg: 'application' })).toMatchObject({ outcome: 'granted' })
})

it.each([
  ['is missing', () => rm(tokenFile), /cannot be read \(ENOENT\)\.$/],
  ['is empty', () => writeFile(tokenFile, '\n'), /AZURE_FEDERATED_TOKEN_FILE is empty\.$/],
  ['holds something else', () => writeFile(tokenFile, 'a-password'), /holds no token \(JWT\)\.$/],
  ['has expired', () => issue({ exp: now() - HOUR_SECONDS }), /holds a token that expired at 20\S+Z\.$/],
])('explains a token file that %s, without asking Microsoft', async (_what, spoil, detail) => {
  await spoil()
  await control(simulator.url, 'DELETE', '/counters')

  for (const leg of ['redeem', 'application'] as const) {
    expect(await identity.applicationToken({ leg })).toMatchObject({
      outcome: 'refused',
      explanation: {
        kind: 'app-misconfigured',
        detail: expect.stringMatching(detail),
        action: expect.stringMatching(/^Whoever operates Inforiver Mail .*https:\/\//),
      },
    })
  }
  expect(await readControl(simulator.url, '/counters')).toMatchObject({ endpoints: {} })
})
