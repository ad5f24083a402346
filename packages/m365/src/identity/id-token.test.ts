import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { verifyIdToken, type IdTokenExpectation } from './id-token.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const NOW_SECONDS = NOW.getTime() / 1_000
const TENANT = '11111111-2222-4333-8444-555555555555'
const ISSUER = `https://login.microsoftonline.com/${TENANT}/v2.0`
const CLAIMS = {
  iss: ISSUER,
  aud: 'client-1',
  tid: TENANT,
  oid: 'oid-of-ada',
  nonce: 'nonce-1',
  name: 'Ada Admin',
  preferred_username: 'ada@contoso.com',
  roles: ['Workspace.Admin'],
  iat: NOW_SECONDS,
  nbf: NOW_SECONDS,
  exp: NOW_SECONDS + 3_600,
}

/** Takes claims of any type, as a token may hold them. */
let sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>
let expected: IdTokenExpectation

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', use: 'sig' }
  sign = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(privateKey)
  expected = {
    tenantId: TENANT,
    clientId: 'client-1',
    nonce: 'nonce-1',
    issuers: [ISSUER],
    keys: createLocalJWKSet({ keys: [jwk] }),
    now: NOW,
  }
})

describe('verifyIdToken', () => {
  it('returns the person that a genuine token describes', async () => {
    expect(await verify(CLAIMS)).toEqual({
      outcome: 'verified',
      person: {
        tenantId: TENANT,
        objectId: 'oid-of-ada',
        name: 'Ada Admin',
        signInName: 'ada@contoso.com',
        email: 'ada@contoso.com',
        roles: ['Workspace.Admin'],
        guest: false,
      },
    })
  })

  it('prefers the email claim to the sign-in name', async () => {
    expect(await verify({ ...CLAIMS, email: 'ada.admin@contoso.com' })).toMatchObject({
      person: { email: 'ada.admin@contoso.com', signInName: 'ada@contoso.com' },
    })
  })

  it.each([
    ['aud', { aud: 'client-2' }],
    ['iss', { iss: `https://login.example.test/${TENANT}/v2.0` }],
    ['nonce', { nonce: 'nonce-2' }],
    ['nonce', { nonce: undefined }],
    ['exp', { exp: NOW_SECONDS - 301 }],
    ['exp', { exp: undefined }],
    ['nbf', { nbf: NOW_SECONDS + 301 }],
    ['oid', { oid: undefined }],
    ['oid or tid', { oid: 7 }],
    ['tid', { tid: undefined }],
  ])('refuses a token with a wrong %s: %j', async (fault, change) => {
    expect(await verify({ ...CLAIMS, ...change })).toEqual({ outcome: 'invalid', fault })
  })

  it.each([{ exp: NOW_SECONDS - 299 }, { nbf: NOW_SECONDS + 299 }])(
    'allows five minutes of skew: %j',
    async (change) => {
      expect(await verify({ ...CLAIMS, ...change })).toMatchObject({ outcome: 'verified' })
    },
  )

  it('distinguishes another organisation from a forgery', async () => {
    const tid = '99999999-2222-4333-8444-555555555555'
    const iss = `https://login.microsoftonline.com/${tid}/v2.0`
    expect(await verify({ ...CLAIMS, tid, iss })).toEqual({ outcome: 'other-tenant' })
  })

  it('refuses a token signed by another key', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(privateKey)
    expect(await verifyIdToken(token, expected)).toEqual({ outcome: 'invalid', fault: 'signature' })
  })

  it.each(['HS256', 'none'])('refuses a token with alg %s', async (alg) => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg, kid: 'key-1' })}.${part(CLAIMS)}.AAAA`
    expect(await verifyIdToken(token, expected)).toEqual({ outcome: 'invalid', fault: 'alg' })
  })

  it.each(['', 'x', 'a.b.c'])('refuses %j, which is no token', async (token) => {
    expect(await verifyIdToken(token, expected)).toEqual({ outcome: 'invalid', fault: null })
  })

  it('reports that the keys cannot be fetched', async () => {
    const keys = () => Promise.reject(new TypeError('fetch failed'))
    expect(await verifyIdToken(await sign(CLAIMS), { ...expected, keys })).toEqual({ outcome: 'keys-unavailable' })
  })

  it.each([
    ['a guest by acct', { acct: 1 }, true],
    ['a guest by idp', { idp: 'https://sts.windows.net/99999999-2222-4333-8444-555555555555/' }, true],
    ['a guest with a personal account', { idp: 'live.com' }, true],
    ['a member by acct', { acct: 0 }, false],
    ['a member whose idp is the issuer', { idp: ISSUER }, false],
    ['a member whose idp is the issuer’s older form', { idp: `https://sts.windows.net/${TENANT}/` }, false],
  ])('recognises %s', async (_who, change, guest) => {
    expect(await verify({ ...CLAIMS, ...change })).toMatchObject({ person: { guest } })
  })

  it('ignores claims of the wrong type', async () => {
    const claims = { ...CLAIMS, name: 5, preferred_username: null, roles: ['A', 7] }
    expect(await verify(claims)).toMatchObject({ person: { name: '', signInName: '', email: '', roles: ['A'] } })
  })
})

async function verify(claims: Readonly<Record<string, unknown>>) {
  return verifyIdToken(await sign(claims), expected)
}
