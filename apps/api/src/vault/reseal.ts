import type { KeyRing } from '@inforiver-mail/m365/key-ring'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import { Gauge, type Registry } from 'prom-client'
import type { Timers } from '../runtime/clock.ts'
import type { ForgettableColumn } from '../domain/sealed-column.ts'
import type { SealedStore, StoredValue } from './sealed-store.ts'

const BATCH = 200
const MAX_IDLE_PASSES = 10
const AFTER_IDLE_PASS_MS = 200
const TASK_TIMEOUT_MS = 9 * 60_000 // housekeeping gives up a task after ten minutes; its next run continues

export type Resealing =
  /** Every stored value is sealed with the first key. */
  | { readonly outcome: 'done'; readonly resealed: number }
  /** Running processes seal with other keys; nothing was changed. */
  | { readonly outcome: 'disagreement'; readonly kids: readonly string[] }
  /** Some values could not be opened, or keep being changed. */
  | { readonly outcome: 'left'; readonly resealed: number }

/**
 * Reseals everything that other keys seal, with the key that seals new values. Each value is replaced on its own, and
 * only if it is unchanged, so that resealing may stop anywhere, start again, and run alongside refreshes, sends and another
 * resealing. It refuses to begin while a running process seals with another key: that process may not have this one.
 */
export async function reseal({
  store,
  vault,
  kid,
  clock,
  signal,
  onProgress,
  wait,
}: {
  store: SealedStore
  vault: TokenVault
  kid: string
  clock: () => Date
  signal: AbortSignal
  onProgress?: (resealed: number) => void
  wait: (ms: number) => Promise<unknown>
}): Promise<Resealing> {
  if (isOnly(kid, await store.findKids())) return { outcome: 'done', resealed: 0 }
  const others = [...(await store.findSealingKids())].filter((other) => other !== kid)
  if (others.length > 0) return { outcome: 'disagreement', kids: others }
  let resealed = 0
  let finished = false
  for (let idlePasses = 0; !finished && idlePasses < MAX_IDLE_PASSES && !signal.aborted;) {
    const before = resealed
    for (const column of store.columns) await resealColumn(column)
    finished = isOnly(kid, await store.findKids())
    if (resealed > before || finished) continue
    idlePasses += 1
    await wait(AFTER_IDLE_PASS_MS)
  }
  if (resealed > 0) await store.recordRotation(kid, resealed, finished, clock())
  return { outcome: finished ? 'done' : 'left', resealed }

  async function resealColumn(column: ForgettableColumn): Promise<void> {
    let after = ''
    while (!signal.aborted) {
      const values = await store.read(column, { after, exceptKid: kid, limit: BATCH })
      const changes = (await Promise.all(values.map(resealValue))).filter((change) => change !== null)
      if (changes.length > 0) resealed += await store.replace(column, changes)
      if (values.length > 0) onProgress?.(resealed)
      const last = values.at(-1)
      if (!last || values.length < BATCH) return
      after = last.key
    }
  }

  /** Returns null for a value that does not open; only `forget` may delete it. */
  async function resealValue({ key, value, owner }: StoredValue) {
    const secret = await vault.open(value, owner).catch(() => null)
    return secret === null ? null : { key, before: value, after: await vault.seal(secret, owner) }
  }
}

function isOnly(kid: string, kids: ReadonlySet<string>): boolean {
  return [...kids].every((each) => each === kid)
}

/** Returns a task that reseals in the background what older keys seal. */
export function createResealTask(deps: {
  store: SealedStore
  vault: TokenVault
  keyRing: KeyRing
  clock: () => Date
  timers: Pick<Timers, 'deadline' | 'sleep'>
  logger: FastifyBaseLogger
}): () => Promise<void> {
  const { keyRing, timers, logger } = deps
  return async () => {
    const { kid } = keyRing.sealing
    const resealing = await reseal({ ...deps, kid, signal: timers.deadline(TASK_TIMEOUT_MS), wait: timers.sleep })
    if (resealing.outcome === 'disagreement')
      logger.warn({ kid, others: resealing.kids }, 'stored secrets are not resealed: a process seals with another key')
    else if (resealing.outcome === 'left')
      logger.warn({ kid, resealed: resealing.resealed }, 'some stored secrets could not be resealed')
    else if (resealing.resealed > 0)
      logger.info({ kid, resealed: resealing.resealed }, 'all stored secrets are sealed with the first key now')
  }
}

/** Measures how many stored values each vault key seals: the progress of a rotation, equal in every process. */
export function measureSealedValues(registry: Registry, store: Pick<SealedStore, 'count'>): void {
  const gauge: Gauge<'kid'> = new Gauge({
    name: 'inforiver_mail_sealed_values',
    help: 'Stored secrets, by the vault key that seals them.',
    labelNames: ['kid'],
    registers: [registry],
    async collect() {
      const counts = await store.count().catch(() => new Map<string, number>()) // the other metrics need no database
      gauge.reset()
      for (const [kid, value] of counts) gauge.set({ kid }, value)
    },
  })
}
