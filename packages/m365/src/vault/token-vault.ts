import { CompactEncrypt, compactDecrypt } from 'jose'
import type { KeyRing } from './key-ring.ts'
import { VaultError } from './vault-error.ts'

/** A secret at rest: a JWE in compact serialisation (RFC 7516), sealed for one owner. */
export type Sealed = string & { readonly __brand: 'Sealed' }

/** Where a sealed value belongs. It does not open for another owner. */
export interface SealOwner {
  readonly tenant: string
  /** The row, for example `tenant_settings` or the id of a message. */
  readonly record: string
  /** The column or the use, for example `refresh-token`. */
  readonly purpose: string
}

export type TokenVault = ReturnType<typeof createTokenVault>

const ALGORITHM = 'dir'
const ENCRYPTION = 'A256GCM'
const KID = /^[A-Za-z0-9._-]{1,32}$/
// The header is written in this order, so that SQL can find a value's key by its first characters.
const BEFORE_KID = `{"alg":"${ALGORITHM}","enc":"${ENCRYPTION}","kid":"`
const AFTER_KID = '","owner":{"tenant":"'

/** How many characters of a sealed value suffice for `keyIdOfHead`, in base64 and with the longest `kid`. */
export const SEALED_HEAD_CHARACTERS = 92

/** Reads the key id from the first `SEALED_HEAD_CHARACTERS` of a value; null when no vault sealed it. */
export function keyIdOfHead(head: string): string | null {
  const text = Buffer.from(head, 'base64url').toString('latin1')
  if (!text.startsWith(BEFORE_KID)) return null
  const [kid = ''] = text.slice(BEFORE_KID.length).split('"', 1)
  return KID.test(kid) ? kid : null
}

/** The prefix that all values sealed with this key have, and no others. */
export function sealedPrefix(kid: string): string {
  const text = `${BEFORE_KID}${kid}${AFTER_KID}`
  return Buffer.from(text.slice(0, text.length - (text.length % 3))).toString('base64url') // the last base64 group would depend on what follows
}

/** Seals with the first key of the ring and opens with the one a value names. */
export function createTokenVault(keyRing: KeyRing) {
  return {
    async seal(plaintext: string, { tenant, record, purpose }: SealOwner): Promise<Sealed> {
      const { kid, key } = keyRing.sealing
      const header = { alg: ALGORITHM, enc: ENCRYPTION, kid, owner: { tenant, record, purpose } }
      return (await new CompactEncrypt(Buffer.from(plaintext)).setProtectedHeader(header).encrypt(key)) as Sealed
    },

    /** Rejects with a `VaultError`. */
    async open(sealed: Sealed, owner: SealOwner): Promise<string> {
      const kid = keyIdOf(sealed)
      const found = keyRing.keys.get(kid)
      if (!found) throw new VaultError('unknown-key', `The vault has no key "${kid}".`, kid)
      const { plaintext, protectedHeader } = await decrypt(sealed, found.key)
      if (!isOwner(protectedHeader['owner'], owner))
        throw new VaultError('wrong-owner', `The value was not sealed for ${owner.record} (${owner.purpose}).`, kid)
      return Buffer.from(plaintext).toString('utf8')
    },

    /** The id of the key that a value was sealed with, even if the ring lacks it. Throws a `VaultError`. */
    keyIdOf,
  }
}

function keyIdOf(sealed: Sealed): string {
  // The last base64url character has unused bits: without this check, some changed values would still open.
  const canonical = sealed.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  const kid = canonical ? keyIdOfHead(sealed.slice(0, SEALED_HEAD_CHARACTERS)) : null
  if (kid === null) throw damaged()
  return kid
}

async function decrypt(sealed: Sealed, key: Parameters<typeof compactDecrypt>[1]) {
  try {
    return await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: [ALGORITHM],
      contentEncryptionAlgorithms: [ENCRYPTION],
    })
  } catch {
    throw damaged()
  }
}

function damaged(): VaultError {
  return new VaultError('damaged', 'The sealed value is damaged.')
}

function isOwner(found: unknown, owner: SealOwner): boolean {
  if (typeof found !== 'object' || found === null) return false
  const { tenant, record, purpose } = found as Partial<SealOwner>
  return tenant === owner.tenant && record === owner.record && purpose === owner.purpose
}
