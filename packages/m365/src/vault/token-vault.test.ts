import { randomBytes } from 'node:crypto'
import { compactDecrypt } from 'jose'
import { describe, expect, it } from 'vitest'
import { newVaultKey, type KeyRing, type VaultKey } from './key-ring.ts'
import {
  createTokenVault,
  keyIdOfHead,
  SEALED_HEAD_CHARACTERS,
  sealedPrefix,
  type Sealed,
  type SealOwner,
} from './token-vault.ts'
import { VaultError } from './vault-error.ts'

const SECRET = 'refresh-token-of-ada-ü-日本'
const owner: SealOwner = { tenant: 'contoso', record: 'tenant_settings', purpose: 'refresh-token' }
const key = newVaultKey(randomBytes)
const vault = createTokenVault(ring(key))

describe('a token vault', () => {
  it('opens what it sealed', async () => {
    expect(await vault.open(await vault.seal(SECRET, owner), owner)).toBe(SECRET)
  })

  it('never seals the same secret to the same value', async () => {
    expect(await vault.seal(SECRET, owner)).not.toBe(await vault.seal(SECRET, owner))
  })

  it('writes a standard JWE, which jose opens by itself', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(await vault.seal(SECRET, owner), key.key)
    expect(Buffer.from(plaintext).toString()).toBe(SECRET)
    expect(protectedHeader).toEqual({ alg: 'dir', enc: 'A256GCM', kid: key.kid, owner })
  })

  it.each([
    { ...owner, tenant: 'fabrikam' },
    { ...owner, record: 'consents' },
    { ...owner, purpose: 'access-token' },
  ])('does not open for %j', async (other) => {
    const sealed = await vault.seal(SECRET, owner)
    await expect(vault.open(sealed, other)).rejects.toMatchObject({ name: 'VaultError', code: 'wrong-owner' })
  })

  it('does not open once any single character was changed, removed or added', async () => {
    const sealed = await vault.seal('a secret', owner)
    const changed = Array.from(sealed, (character, index) => {
      const head = sealed.slice(0, index)
      const tail = sealed.slice(index + 1)
      const replaced = Array.from('AQgwB.', (other) => head + other + tail)
      return replaced.concat(head + tail, `${head}${character}A${tail}`).filter((value) => value !== sealed)
    }).flat()
    const opened = await Promise.allSettled(changed.map((value) => vault.open(value as Sealed, owner)))
    expect(opened.filter(({ status }) => status === 'fulfilled')).toEqual([])
    expect(opened.every((result) => result.status === 'rejected' && result.reason instanceof VaultError)).toBe(true)
  })

  it.each(['', 'x', '....', 'a.b.c.d.e', 'eyJhbGciOiJub25lIn0.e30.', '日本.日本.日本.日本.日本'])(
    'calls %j damaged',
    async (value) => {
      await expect(vault.open(value as Sealed, owner)).rejects.toMatchObject({ code: 'damaged' })
    },
  )

  it('names the key that is missing', async () => {
    const sealed = await createTokenVault(ring(newVaultKey(randomBytes))).seal(SECRET, owner)
    const kid = vault.keyIdOf(sealed)
    await expect(vault.open(sealed, owner)).rejects.toMatchObject({
      code: 'unknown-key',
      kid,
      message: expect.stringContaining(kid),
    })
  })

  it('opens with an older key of the ring, and seals with the first', async () => {
    const first = newVaultKey(randomBytes)
    const rotated = createTokenVault(ring(first, key))
    expect(await rotated.open(await vault.seal(SECRET, owner), owner)).toBe(SECRET)
    expect(rotated.keyIdOf(await rotated.seal(SECRET, owner))).toBe(first.kid)
  })

  it.each(['k', 'k1', 'k12', 'key-0123abcd', 'x'.repeat(32)])(
    'recognises by its first characters a value that was sealed with the key %s',
    async (kid) => {
      const named = createTokenVault(ring({ ...key, kid }))
      const sealed = await named.seal(SECRET, owner)
      const others = await Promise.all(
        [`${kid.slice(0, 31)}1`, kid.slice(0, -1), `A${kid.slice(1)}`].map((other) =>
          createTokenVault(ring({ ...key, kid: other })).seal(SECRET, owner),
        ),
      )

      expect(keyIdOfHead(sealed.slice(0, SEALED_HEAD_CHARACTERS))).toBe(kid)
      expect(sealed.startsWith(sealedPrefix(kid))).toBe(true)
      expect(others.filter((other) => other.startsWith(sealedPrefix(kid)))).toEqual([])
    },
  )

  it.each(['', 'x', 'eyJhbGciOiJub25lIn0', 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoi'])(
    'recognises no key in the characters %j',
    (head) => {
      expect(keyIdOfHead(head)).toBeNull()
    },
  )

  it('never shows content in an error', async () => {
    const sealed = await vault.seal(SECRET, owner)
    const error: unknown = await vault
      .open(`${sealed.slice(0, -4)}AAAA` as Sealed, owner)
      .catch((error: unknown) => error)
    if (!(error instanceof VaultError)) throw new Error('It opened.')
    expect(`${error.message}${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain(
      sealed.slice(-40, -4),
    )
  })
})

function ring(sealing: VaultKey, ...others: readonly VaultKey[]): KeyRing {
  return { sealing, keys: new Map([sealing, ...others].map((each) => [each.kid, each])) }
}
