import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { formatVaultKeys, newVaultKey, parseVaultKeys } from './key-ring.ts'

const KEY_A = randomBytes(32).toString('base64')
const KEY_B = randomBytes(32).toString('base64')

describe('parseVaultKeys', () => {
  it('seals with the first key and opens with all keys', () => {
    const parsed = parseVaultKeys(` new:${KEY_A} , old:${KEY_B},`)
    if (parsed.outcome === 'faulty') throw new Error(parsed.faults.join())
    expect(parsed.keyRing.sealing.kid).toBe('new')
    expect([...parsed.keyRing.keys.keys()]).toEqual(['new', 'old'])
  })

  it('reads what formatVaultKeys writes, with the sealing key first', () => {
    const older = newVaultKey(randomBytes)
    const sealing = newVaultKey(randomBytes)
    const keys = new Map([older, sealing].map((key) => [key.kid, key]))
    const parsed = parseVaultKeys(formatVaultKeys({ sealing, keys }))
    if (parsed.outcome === 'faulty') throw new Error(parsed.faults.join())
    expect([...parsed.keyRing.keys.keys()]).toEqual([sealing.kid, older.kid])
    expect(parsed.keyRing.sealing.key.equals(sealing.key)).toBe(true)
    expect(parsed.keyRing.keys.get(older.kid)?.key.equals(older.key)).toBe(true)
  })

  it('reads base64url without padding', () => {
    expect(parseVaultKeys(`a:${randomBytes(32).toString('base64url')}`).outcome).toBe('read')
  })

  it.each([
    ['', 'There is no key'],
    [' , ', 'There is no key'],
    [KEY_A, 'Key 1: the kid is missing'],
    [`:${KEY_A}`, 'Key 1: the kid must be'],
    [`a b:${KEY_A}`, 'Key 1: the kid must be'],
    ['a:', 'Key 1: the value of "a" has 0 bytes'],
    ['a:not base64!', 'Key 1: the value of "a" is not base64'],
    [`a:${randomBytes(16).toString('base64')}`, 'Key 1: the value of "a" has 16 bytes; 32 are needed'],
    [`a:${randomBytes(33).toString('base64')}`, 'Key 1: the value of "a" has 33 bytes; 32 are needed'],
    [`a:${KEY_A},a:${KEY_B}`, 'The kid "a" is used twice'],
    [Array.from({ length: 33 }, (_, index) => `k${index}:${KEY_A}`).join(), 'There are more than 32 keys'],
  ])('refuses %s', (text, fault) => {
    expect(parseVaultKeys(text)).toEqual({ outcome: 'faulty', faults: [expect.stringContaining(fault)] })
  })

  it('reports all faults at once', () => {
    expect(parseVaultKeys(`${KEY_A},b:AAAA,c:${KEY_A},c:${KEY_B}`)).toEqual({
      outcome: 'faulty',
      faults: [
        expect.stringContaining('Key 1'),
        expect.stringContaining('Key 2'),
        expect.stringContaining('The kid "c"'),
      ],
    })
  })

  it.each([KEY_A, `${KEY_A}:kid`, `a:${KEY_A}AAAA`, `a:${KEY_A}!`])('never quotes a key in a fault (%#)', (text) => {
    const parsed = parseVaultKeys(text)
    expect(parsed.outcome).toBe('faulty')
    expect(JSON.stringify(parsed)).not.toContain(KEY_A.slice(0, 8))
  })
})

describe('a vault key', () => {
  it('does not show its bytes when it is logged', () => {
    const key = newVaultKey(randomBytes)
    const bytes = key.key.export()
    const logged = `${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}`
    expect(logged).not.toContain(bytes.toString('base64').slice(0, 8))
    expect(logged).not.toContain(bytes.toString('hex').slice(0, 8))
  })
})
