import { createSecretKey, type KeyObject } from 'node:crypto'
import type { RandomBytes } from '../random.ts'

const KEY_BYTES = 32
const MAX_KEYS = 32

/** `KeyObject` keeps the bytes out of logs and error messages. */
export interface VaultKey {
  readonly kid: string
  readonly key: KeyObject
}

export interface KeyRing {
  /** The key that seals every new value. */
  readonly sealing: VaultKey
  /** The keys that open values, by id, including the sealing key. */
  readonly keys: ReadonlyMap<string, VaultKey>
}

export type ParsedVaultKeys =
  | { readonly outcome: 'read'; readonly keyRing: KeyRing }
  /** One sentence for each fault, without a key or a part of one. */
  | { readonly outcome: 'faulty'; readonly faults: readonly string[] }

/**
 * Reads `kid:base64,kid:base64…` with 256-bit keys: the first one seals, and all of them open.
 * Both base64 alphabets are accepted, with or without padding.
 */
export function parseVaultKeys(text: string): ParsedVaultKeys {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  if (entries.length === 0) return { outcome: 'faulty', faults: ['There is no key: write kid:base64.'] }
  if (entries.length > MAX_KEYS) return { outcome: 'faulty', faults: [`There are more than ${MAX_KEYS} keys.`] }
  const read = entries.map(readEntry)
  const faults = read.flatMap((entry, index) => (typeof entry === 'string' ? [`Key ${index + 1}: ${entry}`] : []))
  const keys = read.filter((entry) => typeof entry !== 'string')
  for (const kid of duplicates(keys.map((key) => key.kid))) faults.push(`The kid "${kid}" is used twice.`)
  const [sealing] = keys
  if (faults.length > 0 || !sealing) return { outcome: 'faulty', faults }
  return { outcome: 'read', keyRing: { sealing, keys: new Map(keys.map((key) => [key.kid, key])) } }
}

/** Makes a new key with a random id. */
export function newVaultKey(random: RandomBytes): VaultKey {
  return { kid: `key-${random(4).toString('hex')}`, key: createSecretKey(random(KEY_BYTES)) }
}

/** Formats keys as `parseVaultKeys` reads them. The result is the secret itself. */
export function formatVaultKeys({ sealing, keys }: KeyRing): string {
  const others = [...keys.values()].filter(({ kid }) => kid !== sealing.kid)
  return [sealing, ...others].map(({ kid, key }) => `${kid}:${key.export().toString('base64')}`).join()
}

function readEntry(entry: string): VaultKey | string {
  const separator = entry.indexOf(':')
  if (separator < 0) return 'the kid is missing: write kid:base64.'
  const kid = entry.slice(0, separator)
  const encoded = entry.slice(separator + 1)
  // The fault does not quote the kid, which is the key when the two were swapped.
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(kid))
    return 'the kid must be 1 to 32 letters, digits, dots, dashes or underscores.'
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded)) return `the value of "${kid}" is not base64.`
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== KEY_BYTES)
    return `the value of "${kid}" has ${bytes.length} bytes; ${KEY_BYTES} are needed (openssl rand -base64 ${KEY_BYTES}).`
  return { kid, key: createSecretKey(bytes) }
}

function duplicates(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.filter((value, index) => values.indexOf(value) !== index))
}
