import type { KeyRing } from '@inforiver-mail/m365/key-ring'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { reseal } from './reseal.ts'
import type { SealedStore } from './sealed-store.ts'

const TIMEOUT_MS = 9 * 60_000 // housekeeping gives up a task after ten minutes; its next run continues

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
    const resealing = await reseal({ ...deps, kid, signal: timers.deadline(TIMEOUT_MS), wait: timers.sleep })
    if (resealing.outcome === 'disagreement')
      logger.warn({ kid, others: resealing.kids }, 'stored secrets are not resealed: a process seals with another key')
    else if (resealing.outcome === 'left')
      logger.warn({ kid, resealed: resealing.resealed }, 'some stored secrets could not be resealed')
    else if (resealing.resealed > 0)
      logger.info({ kid, resealed: resealing.resealed }, 'all stored secrets are sealed with the first key now')
  }
}
