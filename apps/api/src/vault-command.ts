import { setTimeout as delay } from 'node:timers/promises'
import type { KeyRing } from '@inforiver-mail/m365/key-ring'
import { systemTimers } from './runtime/clock.ts'
import { composeVault, type VaultTools } from './compose-vault.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { NO_KEY } from './database/sealed-values.ts'
import { waitUntil } from './runtime/polling.ts'
import { hasVaultKeys, newKeyRing, readVaultKeys, usesKeyFile, withNewKey, writeKeyFile } from './vault/vault-keys.ts'
import type { Findings, Lost } from './vault/forget.ts'
import { LOST_KINDS, type LostKind } from './vault/lost-kinds.ts'
import type { SealedStore } from './vault/sealed-store.ts'

const TAKE_OVER_WITHIN_MS = 15_000
const LOOK_AGAIN_MS = 250
/**
 * By then every value that was sealed before the key changed is stored, because no statement runs longer. That holds for
 * a killed process too: PostgreSQL may still finish its statement that waited for a lock.
 */
const IN_FLIGHT_MS = 35_000
const PROGRESS_EVERY = 2_000

const USAGE = `inforiver-mail vault status              how many stored secrets each key seals
inforiver-mail vault rotate              seals everything stored with the first key
inforiver-mail vault forget              lists what can no longer be opened
inforiver-mail vault forget WHAT [--yes] gives it up; WHAT is ${[...LOST_KINDS, 'all'].join(', ')}`

/** 0: nothing is left to do. 2: something is. 64: the command was not understood. */
export type ExitCode = 0 | 2 | 64

interface Context {
  readonly config: Config
  readonly keyRing: KeyRing
  readonly vault: VaultTools
  /** Whether the keys are in the key file, which this command may then change. */
  readonly ownKeyFile: boolean
  readonly print: (line: string) => void
  readonly wait: (ms: number) => Promise<unknown>
}

/**
 * Runs a command about the keys of the vault and the secrets that they seal, whether or not the product is running.
 *
 * @throws {ConfigurationError} when a key is missing or the database cannot be used
 */
export async function runVaultCommand(
  parameters: readonly string[],
  config: Config,
  { print, wait = delay }: { print: (line: string) => void; wait?: (ms: number) => Promise<unknown> },
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
  // A lost key file is replaced by a key that opens nothing; the next start creates a new file once nothing needs the
  // lost one.
  const isLost = command === 'forget' && !(await hasVaultKeys(config))
  const keyRing = isLost ? newKeyRing() : await readVaultKeys(config)
  const vault = await composeVault(config, { wait })
  try {
    if (isLost && vault.isProductRunning)
      throw new ConfigurationError(
        'Inforiver Mail runs and still has its keys. Let it send what waits, and stop it before anything is given up.',
      )
    const context = { config, keyRing, vault, ownKeyFile: usesKeyFile(config), print, wait }
    if (command === 'status') return await status(context)
    if (command === 'rotate') return await rotate(context)
    return await giveUp(context, kinds ?? [], yes)
  } finally {
    await vault.close()
  }
}

async function status({ keyRing, vault: { store }, print }: Context): Promise<ExitCode> {
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
  const { config, vault, ownKeyFile, print, wait } = context
  let { keyRing } = context
  await vault.checkKeys(keyRing)
  // More than one key in the file means that a rotation was interrupted: this one completes it.
  if (ownKeyFile && keyRing.keys.size === 1) {
    keyRing = withNewKey(keyRing)
    await writeKeyFile(config, keyRing)
    print(`The key file has the new key ${keyRing.sealing.kid} in front.`)
  }
  const { kid } = keyRing.sealing
  if (ownKeyFile && vault.isProductRunning && !(await isTakenOver(vault.store, kid))) {
    print(`Inforiver Mail runs and has not taken over the key ${kid}. Restart it, and rotate again.`)
    return 2
  }
  if (!(await resealAll(context, keyRing))) return 2
  if (keyRing.keys.size > 1 && (await vault.store.isShared())) {
    print(`Waiting ${IN_FLIGHT_MS / 1_000} s for what was sealed before and is not stored yet.`)
    await wait(IN_FLIGHT_MS)
    if (!(await resealAll(context, keyRing))) return 2
  }
  for (const old of [...keyRing.keys.keys()].filter((each) => each !== kid))
    print(`No stored value needs the key ${old} any more.`)
  if (keyRing.keys.size === 1)
    print(
      `Every stored value is sealed with ${kid}, the only key. Put a new one in front of it in ${whereKeysAre(config)} and restart, to rotate.`,
    )
  else if (ownKeyFile) {
    await writeKeyFile(config, { sealing: keyRing.sealing, keys: new Map([[kid, keyRing.sealing]]) })
    print(`The key file has the key ${kid} alone. Back it up again.`)
  } else print(`Take what is no longer needed out of ${whereKeysAre(config)}, and restart.`)
  return 0
}

function whereKeysAre({ vaultKeysCommand }: Config): string {
  return vaultKeysCommand === null ? 'VAULT_KEYS' : 'what VAULT_KEYS_COMMAND prints'
}

/** Returns false, after printing the reason, when another key is still needed. */
async function resealAll({ vault, print }: Context, keyRing: KeyRing): Promise<boolean> {
  const { kid } = keyRing.sealing
  const { store } = vault
  const before = [...(await store.count())].reduce((sum, [each, count]) => (each === kid ? sum : sum + count), 0)
  let next = PROGRESS_EVERY
  const resealing = await vault.reseal(keyRing, (resealed) => {
    if (resealed < next) return
    print(`${resealed} of ${before} …`)
    next = resealed + PROGRESS_EVERY
  })
  // A process that started in the meantime counts too.
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
        `The key ${each} is still needed: ${secrets(count)} could not be resealed. inforiver-mail vault forget lists those that cannot be opened.`,
      )
  return false
}

async function giveUp(context: Context, kinds: readonly LostKind[], yes: boolean): Promise<ExitCode> {
  const { keyRing, vault, print } = context
  const findings = await vault.findLost(keyRing)
  const { lost } = findings
  if (lost.length === 0) {
    print('Every stored secret can be opened. There is nothing to forget.')
    return 0
  }
  for (const each of lost) print(describe(each))
  const concerned = lost.filter(({ kind }) => kinds.includes(kind))
  if (!yes || concerned.length === 0) {
    print(
      `\nNothing was changed. If a backup has the missing key, put it back instead: what is forgotten cannot be brought back.\nTo give it up: inforiver-mail vault forget ${kinds.length === 1 ? kinds[0] : `${LOST_KINDS.join('|')}|all`} --yes`,
    )
    return 2
  }
  await refuseBesideRunning(context, concerned, findings)
  const forgotten = await vault.forget(keyRing, kinds)
  print(`\nForgotten: ${forgotten} of them.`)
  const { lost: left } = await vault.findLost(keyRing)
  for (const each of left) print(`Still there: ${describe(each)}`)
  if (left.length === 0) print('Every stored secret can be opened now.')
  return left.length === 0 ? 0 : 2
}

/**
 * A process that runs has every key that was needed when it started, whatever has become of them since: only what no key
 * opens may be given up beside it. A key that opens nothing here may have another value there.
 */
async function refuseBesideRunning(
  { vault }: Context,
  concerned: readonly Lost[],
  { proven }: Findings,
): Promise<void> {
  const kids = new Set(concerned.flatMap((lost) => lost.kids))
  const missing = [...kids].filter((kid) => kid !== NO_KEY && !proven.has(kid))
  if (missing.length === 0) return
  // Another role does not see which key a process seals with, nor does anybody while that process connects again.
  const announced = (await vault.store.findSealingKids()).size > 0
  if (!announced && !(await vault.isUsedByAnother())) return
  const who = announced ? 'Inforiver Mail runs' : 'Another process of Inforiver Mail uses the database'
  throw new ConfigurationError(
    `${who} and may still have what is missing here (${missing.join(', ')}). Put that back; or let Inforiver Mail send what waits, and stop it before anything is given up.`,
  )
}

function describe({ kind, purpose, count, kids, names }: Lost): string {
  const { noun = 'value', consequence = '' } = PURPOSE_TEXT[purpose] ?? {}
  const keys = kids.map((kid) => (kid === NO_KEY ? 'no key at all' : kid)).join(', ')
  const which = `${names.join(', ')}${count > names.length ? ' and others' : ''}`
  return `${kind}: ${count} ${noun}${count === 1 ? '' : 's'} sealed with ${keys} cannot be opened (${which}). ${consequence}`
}

/** What is sealed for each purpose, and what happens when it is forgotten. */
const PURPOSE_TEXT: Readonly<Record<string, { readonly noun: string; readonly consequence: string }>> = {
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
  'upload-url': { noun: 'upload address', consequence: 'Their uploads start over.' },
}

/** Waits until every running process seals with this key. */
async function isTakenOver(store: SealedStore, kid: string): Promise<boolean> {
  const sealsWithIt = async () => {
    const kids = await store.findSealingKids()
    return kids.size === 1 && kids.has(kid)
  }
  return waitUntil(sealsWithIt, { everyMs: LOOK_AGAIN_MS, withinMs: TAKE_OVER_WITHIN_MS, timers: systemTimers })
}

function isCommand(command: string | undefined): command is 'status' | 'rotate' | 'forget' {
  return command === 'status' || command === 'rotate' || command === 'forget'
}

/** Returns null when there is no such kind. */
function kindsOf(what: string | undefined): readonly LostKind[] | null {
  if (what === undefined) return []
  if (what === 'all') return LOST_KINDS
  const kinds = LOST_KINDS.filter((kind) => kind === what)
  return kinds.length > 0 ? kinds : null
}

function secrets(count: number): string {
  return count === 1 ? '1 stored secret' : `${count} stored secrets`
}
