import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  CHUNK_BYTES,
  CONTENT_OVERHEAD_BYTES,
  createContentCipher,
  deriveContentKeys,
  newContentKey,
  type ContentPlace,
} from './content-cipher.ts'
import { VaultError } from './vault-error.ts'

const place: ContentPlace = { tenant: 'contoso', message: 'msg_1', part: '0', chunk: 1, last: false }
const contentKey = newContentKey(randomBytes)
const cipher = createContentCipher(contentKey, randomBytes)

describe('a content cipher', () => {
  it.each([0, 1, 256 * 1024])('opens a chunk of %i bytes that it sealed', (sizeBytes) => {
    const content = randomBytes(sizeBytes)
    const sealed = cipher.seal(content, place)
    expect(sealed.length).toBe(sizeBytes + CONTENT_OVERHEAD_BYTES)
    expect(cipher.open(sealed, place).equals(content)).toBe(true)
  })

  it('leaves nothing but the sealed chunk in memory', () => {
    const content = randomBytes(CHUNK_BYTES)
    const before = process.memoryUsage().arrayBuffers
    const sealed = cipher.seal(content, place)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.5 * sealed.length)
  })

  it.each([
    { ...place, tenant: 'fabrikam' },
    { ...place, message: 'msg_2' },
    { ...place, part: '1' },
    { ...place, chunk: 2 },
    { ...place, last: true },
    { ...place, part: '01', chunk: 1 },
  ])('does not open as %j', (other) => {
    const sealed = cipher.seal(Buffer.from('body'), place)
    expect(() => cipher.open(sealed, other)).toThrow(VaultError)
  })

  it('does not open once any byte was changed', () => {
    const sealed = cipher.seal(Buffer.from('body'), place)
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(() => cipher.open(changed, place), `byte ${index}`).toThrow(VaultError)
    }
  })

  it('does not open when truncated, even to nothing', () => {
    const sealed = cipher.seal(Buffer.from('body'), place)
    for (let length = 0; length < sealed.length; length += 1)
      expect(() => cipher.open(sealed.subarray(0, length), place), `${length} bytes`).toThrow(VaultError)
  })

  it('does not open with another message’s key', () => {
    const other = createContentCipher(newContentKey(randomBytes), randomBytes)
    expect(() => other.open(cipher.seal(Buffer.from('body'), place), place)).toThrow(VaultError)
  })

  it('uses a nonce of 12 fresh bytes for each chunk', () => {
    const seal = () => cipher.seal(Buffer.from('body'), place).subarray(0, 12).toString('hex')
    expect(seal()).not.toBe(seal())
  })
})

describe('deriveContentKeys', () => {
  const dataKey = newContentKey(randomBytes)

  it('is HKDF with SHA-256 over the data key, with no salt and the message id as info', () => {
    // RFC 5869 sections 2.2 and 2.3, extract and expand, with a single block.
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(Buffer.from(dataKey, 'base64url')).digest()
    const expanded = createHmac('sha256', extracted)
      .update('msg_1')
      .update(Buffer.from([1]))
      .digest('base64url')
    expect(deriveContentKeys(dataKey)('msg_1')).toBe(expanded)
  })

  it('never changes between versions', () => {
    const fixed = Buffer.alloc(32, 7).toString('base64url')
    expect(deriveContentKeys(fixed)('msg_1')).toBe('vAZ1uw5RwucGCJ_BTsBldrv0lEZFrI7knRSVtlgCmEU')
  })

  it.each([
    ['another message', () => deriveContentKeys(dataKey)('msg_2')],
    ['another data key', () => deriveContentKeys(newContentKey(randomBytes))('msg_1')],
    ['the data key itself', () => dataKey],
  ])('makes another key than for %s', (_of, other) => {
    const sealed = createContentCipher(deriveContentKeys(dataKey)('msg_1'), randomBytes).seal(
      Buffer.from('body'),
      place,
    )
    expect(() => createContentCipher(other(), randomBytes).open(sealed, place)).toThrow(VaultError)
  })
})
