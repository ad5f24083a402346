import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { compactDecrypt, CompactEncrypt } from 'jose'
import { createContentCipher, newContentKey } from '../../packages/m365/src/vault/content-cipher.ts'
import { newVaultKey } from '../../packages/m365/src/vault/key-ring.ts'
import { createTokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import { grouped, type Setting } from '../bench/setting.ts'

const TOKEN_BYTES = 2_000 // the length of an access token of Entra
const TOKENS_A_ROUND = 1_000
const CHUNK_BYTES = 256 * 1_024
const CHUNKS_A_ROUND = 400
const ROUNDS = 9

export const VAULT_SETTING: Setting = {
  mailboxes: [],
  graphMs: [],
  mails: `${grouped(TOKENS_A_ROUND)} tokens and ${CHUNKS_A_ROUND} pieces of content`,
  rounds: ROUNDS,
}

type Work = () => unknown

/** Measures the vault against the bare libraries: tokens against jose, content against node:crypto. */
export async function benchVault(): Promise<void> {
  await tokens()
  await content()
}

async function tokens(): Promise<void> {
  const vaultKey = newVaultKey(randomBytes)
  const { kid, key } = vaultKey
  const vault = createTokenVault({ sealing: vaultKey, keys: new Map([[kid, vaultKey]]) })
  const owner = { tenant: `ten_${'0'.repeat(32)}`, record: 'tenant_settings', purpose: 'access-token' }
  const token = randomBytes(TOKEN_BYTES / 2).toString('hex')
  const bytes = Buffer.from(token)
  const sealed = await vault.seal(token, owner)
  const seconds = await compare(TOKENS_A_ROUND, [
    () => vault.seal(token, owner),
    () => new CompactEncrypt(bytes).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, owner }).encrypt(key),
    () => vault.open(sealed, owner),
    () => compactDecrypt(sealed, key),
  ])
  const [seal = 0, bareSeal = 0, open = 0, bareOpen = 0] = seconds.map((each) => TOKENS_A_ROUND / each)
  print('seal a token of 2 kB', seal, 'jose', bareSeal, 'a second')
  print('open it', open, 'jose', bareOpen, 'a second')
}

async function content(): Promise<void> {
  const contentKey = newContentKey(randomBytes)
  const key = createSecretKey(Buffer.from(contentKey, 'base64url'))
  const cipher = createContentCipher(contentKey, randomBytes)
  const context = {
    tenant: `ten_${'0'.repeat(32)}`,
    message: `msg_${'0'.repeat(32)}`,
    part: '0',
    chunk: 1,
    last: false,
  }
  const data = Buffer.from(JSON.stringify(Object.values(context)))
  const chunk = randomBytes(CHUNK_BYTES)
  const sealed = cipher.seal(chunk, context)
  const seconds = await compare(CHUNKS_A_ROUND, [
    () => cipher.seal(chunk, context),
    () => {
      const bare = createCipheriv('aes-256-gcm', key, randomBytes(12)).setAAD(data)
      return [bare.update(chunk), bare.final(), bare.getAuthTag()]
    },
    () => cipher.open(sealed, context),
    () => {
      const bare = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(data)
      bare.setAuthTag(sealed.subarray(-16))
      return [bare.update(sealed.subarray(12, -16)), bare.final()]
    },
  ])
  const megabytes = (CHUNKS_A_ROUND * CHUNK_BYTES) / 1_000_000
  const [seal = 0, bareSeal = 0, open = 0, bareOpen = 0] = seconds.map((each) => megabytes / each)
  print('seal content in chunks of 256 KiB', seal, 'node:crypto', bareSeal, 'MB/s')
  print('open it', open, 'node:crypto', bareOpen, 'MB/s')
}

/** Measures the median seconds per round. The candidates alternate, so that a busy machine slows all of them alike. */
async function compare(timesARound: number, works: readonly Work[]): Promise<number[]> {
  const seconds: number[][] = works.map(() => [])
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, work] of works.entries()) {
      await turn() // the work may not wait for anything, and a signal to stop would
      const startedAt = performance.now()
      for (let time = 0; time < timesARound; time++) await work()
      if (round > 0) seconds[index]?.push((performance.now() - startedAt) / 1_000) // round 0 warms up
    }
  }
  return seconds.map((each) => each.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN)
}

function print(name: string, value: number, baseName: string, base: number, unit: string): void {
  console.log(
    `${name}: ${Math.round(value)} ${unit}; ${baseName}: ${Math.round(base)} ${unit}; ratio ${(value / base).toFixed(2)}`,
  )
}
