import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { readConfig, type Config } from '../configuration/config.ts'
import { loadVaultKeys, readVaultKeys, withNewKey, writeKeyFile } from './vault-keys.ts'

const OWNER = { tenant: 'ten_1', record: 'tenant_settings', purpose: 'refresh-token' }
const REGISTRATION = {
  AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  AZURE_CLIENT_SECRET: 'the-value-of-the-secret',
}

let directory: string
let warnings: string[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-keys-'))
  warnings = []
})
afterEach(() => rm(directory, { recursive: true }))

function config(environment: Record<string, string> = {}): Config {
  return readConfig({ ...REGISTRATION, DATA_DIR: 'data', ...environment }, directory)
}

async function load(of = config()) {
  const keys = await loadVaultKeys(
    of,
    (warning) => warnings.push(warning),
    async () => false,
  )
  onTestFinished(() => keys.close())
  return keys.keyRing
}

function keyFile(): string {
  return join(directory, 'data', 'vault-keys')
}

it('creates a key file with mode 0600 at the first start, and uses it at the second', async () => {
  const sealed = await createTokenVault(await load()).seal('a secret', OWNER)

  expect((await stat(keyFile())).mode & 0o777).toBe(0o600)
  expect(await createTokenVault(await load()).open(sealed, OWNER)).toBe('a secret')
})

it('warns that key and data are in one folder, without the key', async () => {
  await load()

  expect(warnings).toEqual([expect.stringContaining(keyFile())])
  expect(warnings[0]).not.toContain((await readFile(keyFile(), 'utf8')).trim().split(':')[1])
})

it.skipIf(process.platform === 'win32')('warns if others than its owner may read the key file', async () => {
  await load()
  await chmod(keyFile(), 0o640)
  warnings = []

  await load()

  expect(warnings).toContain(
    `Others than its owner may read the key file ${keyFile()}. Take that right from them (chmod 600).`,
  )
})

it('creates no file and does not warn if VAULT_KEYS is set', async () => {
  const key = Buffer.alloc(32, 7).toString('base64')

  const ring = await load(config({ VAULT_KEYS: `k1:${key}` }))

  expect(ring.sealing.kid).toBe('k1')
  expect(warnings).toEqual([])
  await expect(stat(keyFile())).rejects.toThrow('ENOENT')
})

it('seals with the first key of a file with several, and opens with all', async () => {
  const sealed = await createTokenVault(await load()).seal('a secret', OWNER)
  const old = (await readFile(keyFile(), 'utf8')).trim()
  await writeFile(keyFile(), `new:${Buffer.alloc(32, 7).toString('base64')},${old}\n`)

  const ring = await load()

  expect(ring.sealing.kid).toBe('new')
  expect(await createTokenVault(ring).open(sealed, OWNER)).toBe('a secret')
})

it('refuses a damaged key file in one sentence with the file and without a key', async () => {
  await load()
  await writeFile(keyFile(), 'k1:c2hvcnQ=\n')

  const refusal = load()

  await expect(refusal).rejects.toThrow(`The key file ${keyFile()} cannot be used. Key 1: the value of "k1"`)
  await expect(refusal).rejects.not.toThrow('c2hvcnQ')
})

it('seals with a new first key of the file at run time, and still opens with earlier keys', async () => {
  const ring = await load()
  const vault = createTokenVault(ring)
  const sealed = await vault.seal('a secret', OWNER)
  const rotated = withNewKey(ring)

  await writeKeyFile(config(), rotated)
  await expect.poll(() => ring.sealing.kid).toBe(rotated.sealing.kid)
  await writeKeyFile(config(), { sealing: rotated.sealing, keys: new Map([[rotated.sealing.kid, rotated.sealing]]) })

  expect(vault.keyIdOf(await vault.seal('another', OWNER))).toBe(rotated.sealing.kid)
  expect(await vault.open(sealed, OWNER)).toBe('a secret')
})

it('keeps its keys, and warns, if the file is damaged at run time', async () => {
  const ring = await load()
  const { kid } = ring.sealing
  const damage = async () => {
    await writeFile(keyFile(), 'k1:c2hvcnQ=\n')
    return warnings.at(-1)
  }

  await expect.poll(damage, { interval: 200 }).toContain('The keys stay as they were.')

  expect(ring.sealing.kid).toBe(kid)
  expect(warnings.join()).not.toContain('c2hvcnQ')
})

it('writes the key file for its owner only, and leaves nothing beside it', async () => {
  await load()

  await writeKeyFile(config(), withNewKey(await readVaultKeys(config())))

  expect((await stat(keyFile())).mode & 0o777).toBe(0o600)
  expect(await readdir(join(directory, 'data'))).toEqual(['vault-keys'])
  expect((await readVaultKeys(config())).keys.size).toBe(2)
})

describe('VAULT_KEYS_COMMAND', () => {
  const key = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64')}`
  const printing = (text: string) => writeFile(join(directory, 'print.mjs'), `console.log(${JSON.stringify(text)})`)
  const byCommand = () => config({ VAULT_KEYS_COMMAND: `${process.execPath}  ${join(directory, 'print.mjs')} ` })

  it('provides the keys at the start and for the vault command, without a key file', async () => {
    await printing(key('k1', 1))

    expect((await load(byCommand())).sealing.kid).toBe('k1')
    expect((await readVaultKeys(byCommand())).sealing.kid).toBe('k1')
    expect(warnings).toEqual([])
    await expect(stat(keyFile())).rejects.toThrow('ENOENT')
  })

  it('is run again by a reload, after which earlier keys still open', async () => {
    await printing(key('k1', 1))
    const keys = await loadVaultKeys(
      byCommand(),
      (warning) => warnings.push(warning),
      async () => false,
    )
    const sealed = await createTokenVault(keys.keyRing).seal('a secret', OWNER)
    await printing(key('k2', 2))

    await keys.reload(null)

    expect(keys.keyRing.sealing.kid).toBe('k2')
    expect(await createTokenVault(keys.keyRing).open(sealed, OWNER)).toBe('a secret')
    expect(warnings).toEqual([])
  })

  it.each([
    ['prints no key', 'oops', 'What VAULT_KEYS_COMMAND printed cannot be used.'],
    ['prints another value for a known key', key('k1', 9), 'The vault key "k1" has another value than before'],
  ])('leaves the keys as they were when it %s', async (_what, text, warning) => {
    await printing(key('k1', 1))
    const keys = await loadVaultKeys(
      byCommand(),
      (warning) => warnings.push(warning),
      async () => false,
    )
    const sealed = await createTokenVault(keys.keyRing).seal('a secret', OWNER)
    await printing(text)

    expect(await keys.reload(null)).toBe(false)

    expect(warnings).toEqual([expect.stringMatching(`^${warning}.*The keys stay as they were\\.$`)])
    expect(await createTokenVault(keys.keyRing).open(sealed, OWNER)).toBe('a secret')
  })
})

it('takes over what VAULT_KEYS holds at a reload, and keeps its keys when nothing is there', async () => {
  const key = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64')}`
  const keys = await loadVaultKeys(
    config({ VAULT_KEYS: key('k1', 1) }),
    (warning) => warnings.push(warning),
    async () => false,
  )

  await keys.reload(key('k2', 2))
  expect([...keys.keyRing.keys.keys()]).toEqual(['k1', 'k2'])
  expect(keys.keyRing.sealing.kid).toBe('k2')

  await keys.reload(null)
  expect(keys.keyRing.sealing.kid).toBe('k2')
})
