import { createHash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { AccessSource } from './access.ts'
import type { GrantStore } from './grant-store.ts'

const HOUR_MS = 60 * 60_000
/** Microsoft ends a person's grant that was unused for 90 days. Each tenant refreshes daily, at its own hour. */
const IDLE_AFTER_MS = 20 * HOUR_MS
const SPREAD_MS = 8 * HOUR_MS

/**
 * Refreshes grants that no mail has used for a day, so that they stay alive and a lost one is noticed before it is
 * needed. Runs once a minute, in any number of processes.
 */
export function createKeepAlive({
  grantStore,
  accessSource,
  logger,
}: {
  grantStore: Pick<GrantStore, 'findIdle'>
  accessSource: Pick<AccessSource, 'access'>
  logger: FastifyBaseLogger
}): (now: Date, signal: AbortSignal) => Promise<void> {
  return async (now, signal) => {
    const idle = await grantStore.findIdle(new Date(now.getTime() - IDLE_AFTER_MS))
    const due = idle.filter(
      ({ tenantId, refreshedAt }) => now.getTime() - refreshedAt.getTime() >= IDLE_AFTER_MS + spreadMs(tenantId),
    )
    for (const { tenantId, grantVersion } of due) {
      try {
        const { outcome } = await accessSource.access(tenantId, { refused: grantVersion, signal })
        logger.info({ tenant: tenantId, outcome }, 'an idle connection was refreshed')
      } catch (error) {
        if (signal.aborted) return
        logger.error({ err: error, tenant: tenantId }, 'an idle connection could not be refreshed')
      }
    }
  }
}

/** Depends on the tenant alone. */
function spreadMs(tenantId: string): number {
  return (createHash('sha256').update(tenantId).digest().readUInt32BE() / 2 ** 32) * SPREAD_MS
}
