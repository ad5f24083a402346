import type { FastifyBaseLogger } from 'fastify'
import type { AccessSource } from './access.ts'
import type { GrantStore } from './grant-store.ts'
import type { SettingsStore } from './settings-store.ts'

/**
 * Asks Microsoft again for every tenant whose app registration it refused, so that a fixed client secret, here or in
 * Entra, releases held messages without anybody sending. Runs at the start and once a minute, in any number of processes.
 */
export function createAccessRecheck({
  settingsStore,
  grantStore,
  accessSource,
  logger,
}: {
  settingsStore: Pick<SettingsStore, 'findMisconfigured'>
  grantStore: Pick<GrantStore, 'read'>
  accessSource: Pick<AccessSource, 'access'>
  logger: FastifyBaseLogger
}): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    for (const tenantId of await settingsStore.findMisconfigured()) {
      const { grant } = await grantStore.read(tenantId)
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
