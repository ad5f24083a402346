import { setTimeout as delay } from 'node:timers/promises'
import type { KeyRing } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { openDatabase, type Database } from './database/database.ts'
import { findRunningPostgres, startEmbeddedPostgres } from './database/embedded-postgres.ts'
import { checkVaultKeys, NO_KEY } from './database/sealed-values.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { createGrantStore } from './settings/grant-store.ts'
import { createSettingsStore } from './settings/settings-store.ts'
import { readVaultKeys, withNewKey, writeKeyFile } from './vault-keys.ts'
import { findLost, forget, LOST_KINDS, type Lost, type LostKind } from './vault-rotation/forget.ts'
import { createForgetStore } from './vault-rotation/forget-store.ts'
import { reseal } from './vault-rotation/reseal.ts'
import { createSealedStore, type SealedStore } from './vault-rotation/sealed-store.ts'

const TAKE_OVER_WITHIN_MS = 15_000
const LOOK_AGAIN_MS = 250
/**
 * What was sealed before a key was changed is stored by then: no statement takes longer. A process that was killed is no
 * exception: its statement may have waited for a lock, and PostgreSQL ends it as if it were still there.
 */
const IN_FLIGHT_MS = 35_000
const PROGRESS_EVERY = 2_000

const USAGE = `npm run vault -- status              how many stored secrets each key seals
npm run vault -- rotate              seals everything stored with the first key
npm run vault -- forget              lists what can no longer be opened
npm run vault -- forget WHAT [--yes] gives it up; WHAT is ${[...LOST_KINDS, 'all'].join(', ')}`

/** Everything is as it should be; something is left to do; the command was not understood. */
export type ExitCode = 0 | 2 | 64

interface Context {
  readonly config: Config
  readonly keyRing: KeyRing
  readonly database: Database
  readonly store: SealedStore
  /** Whether the key file is ours to change, because a product runs or could run with it. */
  readonly ownKeyFile: boolean
  /** Whether a product uses the embedded database right now. */
  readonly running: boolean
  readonly print: (line: string) => void
  readonly inFlightMs: number
}

/**
 * Looks after the keys of the vault and what they seal, while the product runs or while it does not.
 *
 * @throws a `ConfigurationError` when a key is missing or the database cannot be used.
 */
export async function runVaultCommand(
  parameters: readonly string[],
  config: Config,
  { print, inFlightMs = IN_FLIGHT_MS }: { print: (line: string) => void; inFlightMs?: number },
): Promise<ExitCode> {
  const yes = parameters.includes('--yes')
  const [command, what, ...rest] = parameters.filter((parameter) => parameter !== '--yes')
  const kinds = kindsOf(what)
  const understood =
    rest.length === 0 && (command === 'forget' ? kinds !== null : what === undefined && !yes && isCommand(command))
  if (!understood || !isCommand(command)) {
    print(USAGE)
    return 64
  }
  const keyRing = await readVaultKeys(config)
  const opened = await open(config, print)
  const { database, running } = opened
  try {
    const store = createSealedStore(database, Object.values(SEALED_COLUMNS))
    const context = {
      config,
      keyRing,
      database,
      store,
      ownKeyFile: config.vaultKeys === null,
      running,
      print,
      inFlightMs,
    }
    if (command === 'status') return await status(context)
    if (command === 'rotate') return await rotate(context)
    return await giveUp(context, kinds ?? [], yes)
  } finally {
    await opened.close()
  }
}

async function status({ keyRing, store, print }: Context): Promise<ExitCode> {
  const counts = await store.count()
  const running = await store.findSealingKids()
  for (const kid of new Set([...keyRing.keys.keys(), ...counts.keys(), ...running])) {
    const count = counts.get(kid) ?? 0
    const remarks = [
      kid === keyRing.sealing.kid ? 'seals new values' : null,
      keyRing.keys.has(kid) ? null : 'MISSING',
      running.has(kid) && kid !== keyRing.sealing.kid ? 'a running process still seals with it' : null,
    ].filter((remark) => remark !== null)
    print(`${kid}: ${secrets(count)}${remarks.length > 0 ? ` (${remarks.join(', ')})` : ''}`)
  }
  return 0
}

async function rotate(context: Context): Promise<ExitCode> {
  const { config, database, store, ownKeyFile, running, print, inFlightMs } = context
  let { keyRing } = context
  await checkVaultKeys(database.pool, createTokenVault(keyRing), Object.values(SEALED_COLUMNS))
  // More than one key in the file: a rotation that was broken off. It is brought to its end first.
  if (ownKeyFile && keyRing.keys.size === 1) {
    keyRing = withNewKey(keyRing)
    await writeKeyFile(config, keyRing)
    print(`The key file has the new key ${keyRing.sealing.kid} in front.`)
  }
  const { kid } = keyRing.sealing
  if (ownKeyFile && running && !(await isTakenOver(store, kid))) {
    print(`Inforiver Mail runs and has not taken over the key ${kid}. Restart it, and rotate again.`)
    return 2
  }
  if (!(await resealAll(context, keyRing))) return 2
  if (keyRing.keys.size > 1 && (await store.isShared())) {
    print(`Waiting ${Math.ceil(inFlightMs / 1_000)} s for what was sealed before and is not stored yet.`)
    await delay(inFlightMs)
    if (!(await resealAll(context, keyRing))) return 2
  }
  for (const old of [...keyRing.keys.keys()].filter((each) => each !== kid))
    print(`No stored value needs the key ${old} any more.`)
  if (keyRing.keys.size === 1)
    print(
      `Every stored value is sealed with ${kid}, the only key. Put a new one in front of it in VAULT_KEYS and restart, to rotate.`,
    )
  else if (ownKeyFile) {
    await writeKeyFile(config, { sealing: keyRing.sealing, keys: new Map([[kid, keyRing.sealing]]) })
    print(`The key file has the key ${kid} alone. Back it up anew.`)
  } else print('Take what is no longer needed out of VAULT_KEYS, and restart.')
  return 0
}

/** False, with the reason printed, when another key is still needed. */
async function resealAll({ store, print }: Context, keyRing: KeyRing): Promise<boolean> {
  const { kid } = keyRing.sealing
  const before = [...(await store.count())].reduce((sum, [each, count]) => (each === kid ? sum : sum + count), 0)
  let next = PROGRESS_EVERY
  const resealing = await reseal({
    store,
    vault: createTokenVault(keyRing),
    kid,
    clock: systemClock,
    signal: new AbortController().signal,
    onProgress(resealed) {
      if (resealed < next) return
      print(`${resealed} of ${before} …`)
      next = resealed + PROGRESS_EVERY
    },
  })
  // One that began meanwhile counts as well.
  const others = [...(await store.findSealingKids())].filter((each) => each !== kid)
  if (others.length > 0) {
    print(
      `A running process still seals new values with ${others.join(' and ')}, not with ${kid}. Restart every process with this list of keys, and rotate again.`,
    )
    return false
  }
  if (resealing.outcome === 'done') {
    if (resealing.resealed > 0) print(`${secrets(resealing.resealed)} sealed with ${kid} now.`)
    return true
  }
  for (const [each, count] of await store.count())
    if (each !== kid)
      print(
        `The key ${each} is still needed: ${secrets(count)} could not be resealed. npm run vault -- forget tells which cannot be opened.`,
      )
  return false
}

async function giveUp(context: Context, kinds: readonly LostKind[], yes: boolean): Promise<ExitCode> {
  const { keyRing, database, store, print } = context
  const vault = createTokenVault(keyRing)
  const lost = await findLost({ store, vault })
  if (lost.length === 0) {
    print('Every stored secret can be opened. There is nothing to forget.')
    return 0
  }
  for (const each of lost) print(describe(each))
  const concerned = lost.filter(({ kind }) => kinds.includes(kind))
  if (!yes || concerned.length === 0) {
    print(
      `\nNothing was changed. If a backup has the missing key, put it back instead: what is forgotten cannot be brought back.\nTo give it up: npm run vault -- forget ${kinds.length === 1 ? kinds[0] : `${LOST_KINDS.join('|')}|all`} --yes`,
    )
    return 2
  }
  const settingsStore = createSettingsStore(database.prisma)
  const grantStore = createGrantStore(database.prisma)
  const forgotten = await forget({
    store,
    vault,
    kinds,
    forgetStore: createForgetStore(database),
    async requireReconnect(tenantId, problem) {
      const { grant } = await grantStore.read(tenantId)
      if (grant)
        await settingsStore.applyHealth(
          tenantId,
          grant.grantVersion,
          { type: 'tokens-refused', problem },
          systemClock(),
        )
    },
    clock: systemClock,
  })
  print(`\nForgotten: ${forgotten} of them.`)
  const left = await findLost({ store, vault })
  for (const each of left) print(`Still there: ${describe(each)}`)
  if (left.length === 0) print('Every stored secret can be opened now.')
  return left.length === 0 ? 0 : 2
}

function describe({ kind, purpose, count, kids, names }: Lost): string {
  const { noun = 'value', consequence = '' } = WORDS[purpose] ?? {}
  const keys = kids.map((kid) => (kid === NO_KEY ? 'no key at all' : kid)).join(', ')
  const which = `${names.join(', ')}${count > names.length ? ' and others' : ''}`
  return `${kind}: ${count} ${noun}${count === 1 ? '' : 's'} sealed with ${keys} cannot be opened (${which}). ${consequence}`
}

/** What is sealed for a purpose, and what it means to forget it. */
const WORDS: Readonly<Record<string, { readonly noun: string; readonly consequence: string }>> = {
  'refresh-token': {
    noun: 'refresh token',
    consequence: 'The connection has to be made again, by Reconnect; messages wait for it.',
  },
  'access-token': {
    noun: 'access token',
    consequence: 'The connection has to be made again, by Reconnect; messages wait for it.',
  },
  consent: { noun: 'consent', consequence: 'What is under way has to be started again.' },
  'sign-in': { noun: 'sign-in', consequence: 'Those who were signing in have to start again.' },
  'webhook-secret': {
    noun: 'signing secret',
    consequence: 'The webhooks are removed, and have to be added again with a new secret.',
  },
  'content-key': {
    noun: 'content key',
    consequence: 'The messages that wait fail; a failed one can no longer be retried.',
  },
  'data-key': {
    noun: 'data key',
    consequence: 'The messages of its hour that wait fail; failed ones can no longer be retried.',
  },
  'upload-url': { noun: 'upload address', consequence: 'Their uploads begin anew.' },
}

async function isTakenOver(store: SealedStore, kid: string): Promise<boolean> {
  const giveUpAt = systemClock().getTime() + TAKE_OVER_WITHIN_MS
  for (;;) {
    const kids = await store.findSealingKids()
    if (kids.size === 1 && kids.has(kid)) return true
    if (systemClock().getTime() > giveUpAt) return false
    await delay(LOOK_AGAIN_MS)
  }
}

/** The product's database: an external one, that of a product that runs, or the embedded one, started for the while. */
async function open(
  config: Config,
  print: (line: string) => void,
): Promise<{ database: Database; running: boolean; close(): Promise<void> }> {
  const running = config.database.kind === 'embedded' ? await findRunningPostgres(config.dataDirectory) : null
  const own =
    config.database.kind === 'embedded' && running === null
      ? await startEmbeddedPostgres({
          dataDirectory: config.dataDirectory,
          runtimeDirectory: config.runtimeDirectory,
          onRestart() {},
          onLost() {},
        })
      : null
  const url = config.database.kind === 'external' ? config.database.url : (running ?? own?.connectionString ?? '')
  try {
    const database = await openDatabase(url, () => {}, print)
    return {
      database,
      running: running !== null,
      async close() {
        await database.close()
        await own?.stop()
      },
    }
  } catch (error) {
    await own?.stop()
    throw own ? await own.explain(error) : error
  }
}

function isCommand(command: string | undefined): command is 'status' | 'rotate' | 'forget' {
  return command === 'status' || command === 'rotate' || command === 'forget'
}

/** Null when there is no such kind. */
function kindsOf(what: string | undefined): readonly LostKind[] | null {
  if (what === undefined) return []
  if (what === 'all') return LOST_KINDS
  const kinds = LOST_KINDS.filter((kind) => kind === what)
  return kinds.length > 0 ? kinds : null
}

function secrets(count: number): string {
  return count === 1 ? '1 stored secret' : `${count} stored secrets`
}
