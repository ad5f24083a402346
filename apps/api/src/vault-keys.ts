import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatVaultKey, newVaultKey, parseVaultKeys, type KeyRing } from '@inforiver-mail/m365/key-ring'
import { ConfigurationError, type Config } from './config.ts'

/**
 * The vault's keys: from VAULT_KEYS, or with the embedded database from a key file beside it, made at the first start.
 *
 * @throws {ConfigurationError} naming each fault, never a key.
 */
export async function loadVaultKeys(config: Config, warn: (message: string) => void): Promise<KeyRing> {
  if (config.vaultKeys !== null) return parse(config.vaultKeys, 'VAULT_KEYS')
  const path = join(config.dataDirectory, 'vault-keys')
  if (!config.demo) {
    warn(
      `The vault's key lies beside the data it protects (${path}): a copy of the folder holds both. Set VAULT_KEYS to keep them apart.`,
    )
  }
  return parse(await readOrMakeKeyFile(path), `The key file ${path}`)
}

function parse(text: string, name: string): KeyRing {
  const parsed = parseVaultKeys(text)
  if (parsed.outcome === 'read') return parsed.keyRing
  throw new ConfigurationError(`${name} cannot be used. ${parsed.faults.join(' ')}`)
}

async function readOrMakeKeyFile(path: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  const present = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new ConfigurationError(`The key file ${path} cannot be read (${error.code ?? 'unknown error'}).`)
  })
  if (present !== null) return present.trim()
  const text = formatVaultKey(newVaultKey(randomBytes))
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`${text}\n`)
    await file.sync() // values sealed with a key that a power cut took would be lost
  } finally {
    await file.close()
  }
  return text
}
