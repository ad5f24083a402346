import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import { SignJWT } from 'jose'
import { expect, it } from 'vitest'
import { clientCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { REGISTRATION } from '../test-support/simulated.ts'
import { createAssertionCheck } from './client-assertion.ts'

const NOW = new Date('2026-11-24T10:00:00Z')
const NOW_SECONDS = NOW.getTime() / 1000
const AUDIENCE = 'http://127.0.0.1:4000/tenant/oauth2/v2.0/token'
const registered = clientCertificate()
const another = clientCertificate()
const expired = clientCertificate(new Date('2026-11-24T09:59:59Z'))
const newCheck = () =>
  createAssertionCheck({ ...REGISTRATION, certificates: [registered.certificate, expired.certificate] }, () => NOW)

interface Change {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  /** Whose thumbprint is named. */
  readonly named?: string
  /** Whose key signs. */
  readonly signedBy?: string
}

function assertion({ header = {}, claims = {}, named, signedBy }: Change = {}): Promise<string> {
  const thumbprint = new X509Certificate(named ?? registered.certificate).fingerprint256.replaceAll(':', '')
  const { clientId } = REGISTRATION
  return new SignJWT({
    aud: AUDIENCE,
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    nbf: NOW_SECONDS,
    exp: NOW_SECONDS + 600,
    ...claims,
  })
    .setProtectedHeader({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': Buffer.from(thumbprint, 'hex').toString('base64url'),
      ...header,
    })
    .sign(createPrivateKey(signedBy ?? registered.privateKey))
}

async function check(change: Change): Promise<void> {
  await newCheck()(await assertion(change), [AUDIENCE])
}

it('accepts a valid assertion', async () => {
  await expect(check({})).resolves.toBeUndefined()
})

it.each<[string, Change, number]>([
  ['a certificate that is not registered', { named: another.certificate, signedBy: another.privateKey }, 700027],
  ['another key than that of the certificate it names', { signedBy: another.privateKey }, 700027],
  ['a certificate that has expired', { named: expired.certificate, signedBy: expired.privateKey }, 700027],
  ['the legacy algorithm', { header: { alg: 'RS256' } }, 50027],
  ['another token endpoint as audience', { claims: { aud: 'https://login.microsoftonline.com/x' } }, 700023],
  ['another issuer', { claims: { iss: 'someone' } }, 700021],
  ['another subject', { claims: { sub: 'someone' } }, 700021],
  ['no jti', { claims: { jti: undefined } }, 50027],
  ['an end more than five minutes ago', { claims: { exp: NOW_SECONDS - 301 } }, 700024],
  ['a beginning more than five minutes ahead', { claims: { nbf: NOW_SECONDS + 301 } }, 700024],
])('refuses one with %s', async (_what, change, code) => {
  await expect(check(change)).rejects.toMatchObject({ code })
})

it('accepts each assertion once', async () => {
  const check = newCheck()
  const once = await assertion()
  await check(once, [AUDIENCE])
  await expect(check(once, [AUDIENCE])).rejects.toMatchObject({ code: 50012 })
})

it('refuses text that is not an assertion', async () => {
  const refusal = { code: 50027, error: 'invalid_client', status: 401 }
  await expect(newCheck()('x', [AUDIENCE])).rejects.toMatchObject(refusal)
})
