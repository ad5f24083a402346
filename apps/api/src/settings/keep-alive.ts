import { createHash } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { AccessSource } from './access.ts'
import type { SettingsStore } from './settings-store.ts'

const HOUR_MS = 60 * 60_000
/** Daily, each tenant at an hour of its own: Microsoft ends a person's grant that was not used for 90 days. */
const IDLE_AFTER_MS = 20 * HOUR_MS
const SPREAD_MS = 8 * HOUR_MS

/**
 * Refreshes grants that no mail has used for a day, so that a connection is there when it is needed, and its loss is
 * noticed before. To be run once a minute, in any number of processes.
 */
export function createKeepAlive({
  store,
  accessSource,
  logger,
}: {
  store: Pick<SettingsStore, 'findIdleGrants'>
  accessSource: Pick<AccessSource, 'access'>
  logger: FastifyBaseLogger
}): (now: Date, signal: AbortSignal) => Promise<void> {
  return async (now, signal) => {
    const idle = await store.findIdleGrants(new Date(now.getTime() - IDLE_AFTER_MS))
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

/** Always the same for a tenant. */
function spreadMs(tenantId: string): number {
  return (createHash('sha256').update(tenantId).digest().readUInt32BE() / 2 ** 32) * SPREAD_MS
}
