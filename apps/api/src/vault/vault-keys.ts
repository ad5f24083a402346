import { randomBytes } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatVaultKeys, newVaultKey, parseVaultKeys, type KeyRing } from '@inforiver-mail/m365/key-ring'
import { ConfigurationError, type Config } from '../configuration/config.ts'
import { writeDurably } from '../runtime/durable-file.ts'
import { isReadableByOthers } from '../runtime/file-mode.ts'
import { runVaultKeysCommand } from './vault-keys-command.ts'

const LOOK_AT_FILE_EVERY_MS = 500

export interface LoadedVaultKeys {
  /** Follows changes. Keys that were removed still open values. */
  readonly keyRing: KeyRing
  /**
   * Reads the keys again. Where that fails it warns and returns false, and the keys stay as they were. `vaultKeys` is what
   * VAULT_KEYS holds now, or null.
   */
  reload(vaultKeys: string | null): Promise<boolean>
  close(): void
}

/**
 * Loads the vault's keys from VAULT_KEYS, from VAULT_KEYS_COMMAND or, with the embedded database, from the key file
 * beside it, which the first start creates.
 *
 * @param hasSealedValues whether anything stored needs a key: a new key file would open none of it
 * @throws {ConfigurationError} naming each fault, never a key
 */
export async function loadVaultKeys(
  config: Config,
  warn: (message: string) => void,
  hasSealedValues: () => Promise<boolean>,
): Promise<LoadedVaultKeys> {
  if (!usesKeyFile(config)) {
    const current = keepCurrent(await readConfiguredKeys(config), warn)
    return {
      keyRing: current.keyRing,
      async reload(vaultKeys) {
        if (vaultKeys === null && config.vaultKeysCommand === null) return true
        return current.renew(() => readConfiguredKeys({ ...config, vaultKeys }))
      },
      close() {},
    }
  }
  const path = keyFileOf(config)
  if (!config.demo) {
    warn(
      `The vault's key lies beside the data it protects (${path}): a copy of the folder holds both. Set VAULT_KEYS to keep them apart.`,
    )
  }
  const ring = parse(await readOrMakeKeyFile(path, hasSealedValues), `The key file ${path}`)
  if (!config.demo && isReadableByOthers(await stat(path)))
    warn(`Others than its owner may read the key file ${path}. Take that right from them (chmod 600).`)
  return follow(path, ring, warn)
}

/** Reads the current keys, of a product that may be running. */
export async function readVaultKeys(config: Config): Promise<KeyRing> {
  if (!usesKeyFile(config)) return readConfiguredKeys(config)
  const path = keyFileOf(config)
  const text = await readKeyFile(path)
  if (text === null)
    throw new ConfigurationError(
      `There is no key file ${path}. The first start makes it. If it is missing since, put it back from a backup. If it is lost for good: inforiver-mail vault forget.`,
    )
  return parse(text, `The key file ${path}`)
}

/** Whether the keys are in the file that the product has made itself. */
export function usesKeyFile({ vaultKeys, vaultKeysCommand }: Config): boolean {
  return vaultKeys === null && vaultKeysCommand === null
}

/** Whether there are keys: those of the key file are made by the first start. */
export async function hasVaultKeys(config: Config): Promise<boolean> {
  return !usesKeyFile(config) || (await readKeyFile(keyFileOf(config))) !== null
}

/** Replaces the key file atomically. A running product seals with the first key within a second or two. */
export async function writeKeyFile(config: Config, keyRing: KeyRing): Promise<void> {
  await writeDurably(keyFileOf(config), `${formatVaultKeys(keyRing)}\n`)
}

/** A key ring of one new key. */
export function newKeyRing(): KeyRing {
  return withNewKey({ keys: new Map() })
}

/** Adds a new key in front, which seals from then on. */
export function withNewKey({ keys }: Pick<KeyRing, 'keys'>): KeyRing {
  const sealing = newVaultKey(randomBytes)
  return { sealing, keys: new Map([[sealing.kid, sealing], ...keys]) }
}

async function readConfiguredKeys({ vaultKeys, vaultKeysCommand }: Config): Promise<KeyRing> {
  return vaultKeysCommand === null
    ? parse(vaultKeys ?? '', 'VAULT_KEYS')
    : parse(await runVaultKeysCommand(vaultKeysCommand), 'What VAULT_KEYS_COMMAND printed')
}

function follow(path: string, first: KeyRing, warn: (message: string) => void): LoadedVaultKeys {
  const current = keepCurrent(first, warn)
  const reload = () => current.renew(async () => parse((await readKeyFile(path)) ?? '', `The key file ${path}`))
  const look = () => void reload()
  watchFile(path, { interval: LOOK_AT_FILE_EVERY_MS, persistent: false }, look)
  return { keyRing: current.keyRing, reload, close: () => unwatchFile(path, look) }
}

function keepCurrent(first: KeyRing, warn: (message: string) => void) {
  let current = first
  const keyRing: KeyRing = {
    get sealing() {
      return current.sealing
    },
    get keys() {
      return current.keys
    },
  }
  return {
    keyRing,
    async renew(read: () => Promise<KeyRing>): Promise<boolean> {
      try {
        const { sealing, keys } = await read()
        refuseOtherValues(current, keys)
        current = { sealing, keys: new Map([...current.keys, ...keys]) }
        return true
      } catch (error) {
        warn(`${error instanceof Error ? error.message : String(error)} The keys stay as they were.`)
        return false
      }
    },
  }
}

/** What was sealed with the first value of a key would not open with its second. */
function refuseOtherValues(current: KeyRing, keys: KeyRing['keys']): void {
  for (const { kid, key } of keys.values()) {
    const known = current.keys.get(kid)
    if (known !== undefined && !known.key.equals(key))
      throw new ConfigurationError(`The vault key "${kid}" has another value than before: a new key needs a new kid.`)
  }
}

function keyFileOf({ dataDirectory }: Config): string {
  return join(dataDirectory, 'vault-keys')
}

function parse(text: string, name: string): KeyRing {
  const parsed = parseVaultKeys(text)
  if (parsed.outcome === 'read') return parsed.keyRing
  throw new ConfigurationError(`${name} cannot be used. ${parsed.faults.join(' ')}`)
}

async function readOrMakeKeyFile(path: string, hasSealedValues: () => Promise<boolean>): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const present = await readKeyFile(path)
  if (present !== null) return present
  if (await hasSealedValues())
    throw new ConfigurationError(
      `The key file ${path} is missing, and stored secrets were sealed with its keys. Put it back from a backup. If it is lost for good: inforiver-mail vault forget.`,
    )
  const text = formatVaultKeys(newKeyRing())
  await writeDurably(path, `${text}\n`) // values sealed with a key that is lost in a power cut could never be opened
  return text
}

/** Returns null when there is no key file. */
async function readKeyFile(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw new ConfigurationError(`The key file ${path} cannot be read (${code ?? 'unknown error'}).`)
  }
}
