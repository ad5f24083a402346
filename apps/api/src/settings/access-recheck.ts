import type { FastifyBaseLogger } from 'fastify'
import type { AccessSource } from './access.ts'
import type { SettingsStore } from './settings-store.ts'

/**
 * Asks Microsoft again, for every tenant whose app registration it refused: a mended client secret, here or in Entra,
 * is noticed without anybody sending. What waited for it leaves then. To be run at the start and once a minute, in any
 * number of processes.
 */
export function createAccessRecheck({
  store,
  accessSource,
  logger,
}: {
  store: Pick<SettingsStore, 'findMisconfigured' | 'readGrant'>
  accessSource: Pick<AccessSource, 'access'>
  logger: FastifyBaseLogger
}): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    for (const tenantId of await store.findMisconfigured()) {
      const { grant } = await store.readGrant(tenantId)
      if (!grant) continue
      try {
        const { outcome } = await accessSource.access(tenantId, { refused: grant.grantVersion, recheck: true, signal })
        logger.info({ tenant: tenantId, outcome }, 'app registration checked again')
      } catch (error) {
        if (signal.aborted) return
        logger.error({ err: error, tenant: tenantId }, 'the app registration could not be checked')
      }
    }
  }
}
