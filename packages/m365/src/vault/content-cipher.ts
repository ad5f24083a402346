import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto'
import { freeBuffer } from '../free-buffer.ts'
import type { RandomBytes } from '../random.ts'
import { VaultError } from './vault-error.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12 // NIST SP 800-38D section 7.1 hashes any other length
const TAG_BYTES = 16
const NO_SALT = Buffer.alloc(32)

/** The size of the chunks in which attachments are stored; the last one of a file may be smaller. */
export const CHUNK_BYTES = 256 * 1024

/** Sealing adds this many bytes to a chunk. */
export const CONTENT_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES

/** Where a chunk belongs. It does not open elsewhere, in another order, or as the end of a truncated file. */
export interface ContentPlace {
  readonly tenant: string
  readonly message: string
  /** `body`, or the attachment. */
  readonly part: string
  /** Counted from 0. */
  readonly chunk: number
  readonly last: boolean
}

export type ContentCipher = ReturnType<typeof createContentCipher>

/** Makes a key for messages, as text that the token vault can seal. */
export function newContentKey(random: RandomBytes): string {
  return random(KEY_BYTES).toString('base64url')
}

/**
 * Returns a function that derives the key of one message from a shared data key, which cannot be computed from it: HKDF
 * with SHA-256 and no salt (RFC 5869). The first of its steps is the same for all messages, and is done once; the second
 * makes as many bytes as a key has in one round.
 */
export function deriveContentKeys(dataKey: string): (message: string) => string {
  const extracted = createHmac('sha256', NO_SALT).update(readContentKey(dataKey)).digest()
  const pseudorandomKey = createSecretKey(extracted)
  return (message) => createHmac('sha256', pseudorandomKey).update(`${message}\u0001`).digest('base64url')
}

/** Seals the body and the attachments of one message under its content key. */
export function createContentCipher(contentKey: string, random: RandomBytes) {
  // Given bytes, Node learns from an error of its own that they are no key object, which takes longer than sealing a mail.
  const key = createSecretKey(readContentKey(contentKey))
  return {
    /** Returns nonce, ciphertext and tag in one buffer. */
    seal(plaintext: Uint8Array, place: ContentPlace): Buffer {
      const nonce = random(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(associatedData(place))
      const ciphertext = cipher.update(plaintext)
      cipher.final() // computes the tag; GCM buffers no output
      const sealed = Buffer.concat([nonce, ciphertext, cipher.getAuthTag()])
      freeBuffer(ciphertext)
      return sealed
    },

    /** Throws a `VaultError` `damaged` when the content was changed or belongs elsewhere. */
    open(sealed: Uint8Array, place: ContentPlace): Buffer {
      if (sealed.length < CONTENT_OVERHEAD_BYTES) throw damaged()
      const tagStart = sealed.length - TAG_BYTES
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(associatedData(place))
      decipher.setAuthTag(sealed.subarray(tagStart))
      try {
        const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagStart))
        decipher.final() // verifies the tag; GCM buffers no output
        return plaintext
      } catch {
        throw damaged()
      }
    },
  }
}

function readContentKey(contentKey: string): Buffer {
  const bytes = Buffer.from(contentKey, 'base64url')
  if (bytes.length !== KEY_BYTES) throw new VaultError('damaged', 'The content key is damaged.')
  return bytes
}

function associatedData({ tenant, message, part, chunk, last }: ContentPlace): Buffer {
  return Buffer.from(JSON.stringify([tenant, message, part, chunk, last])) // unlike concatenation, a JSON array is unambiguous
}

function damaged(): VaultError {
  return new VaultError('damaged', 'The sealed content is damaged or belongs elsewhere.')
}
