import type { FastifyBaseLogger } from 'fastify'
import type { AccessOptions } from '../domain/mailbox-access.ts'
import type { AccessSource } from './access.ts'
import type { GrantStore } from './grant-store.ts'

/** Microsoft ends a person's grant that was unused for 90 days. */
const IDLE_AFTER_MS = 24 * 60 * 60_000

interface Deps {
  readonly accessSource: Pick<AccessSource, 'access'>
  readonly logger: FastifyBaseLogger
}

/**
 * Refreshes grants that no mail has used for a day, so that they stay alive and a lost one is noticed before it is
 * needed. Runs once a minute, in any number of processes.
 */
export async function keepGrantsAlive(
  { grantStore, ...deps }: Deps & { grantStore: Pick<GrantStore, 'findIdle'> },
  now: Date,
  signal: AbortSignal,
): Promise<void> {
  for (const { tenantId, grantVersion } of await grantStore.findIdle(new Date(now.getTime() - IDLE_AFTER_MS)))
    await refresh(tenantId, { refused: grantVersion, signal }, deps, {
      done: 'an idle connection was refreshed',
      failed: 'an idle connection could not be refreshed',
    })
}

/**
 * Asks Microsoft again for every tenant whose app registration it refused, so that a fixed client secret, here or in
 * Entra, releases held messages without anybody sending. Runs at the start and once a minute, in any number of processes.
 */
export async function recheckAccess(
  { grantStore, ...deps }: Deps & { grantStore: Pick<GrantStore, 'findMisconfigured'> },
  signal: AbortSignal,
): Promise<void> {
  for (const { tenantId, grantVersion } of await grantStore.findMisconfigured())
    await refresh(tenantId, { refused: grantVersion, recheck: true, signal }, deps, {
      done: 'app registration checked again',
      failed: 'the app registration could not be checked',
    })
}

async function refresh(
  tenant: string,
  options: AccessOptions,
  { accessSource, logger }: Deps,
  { done, failed }: { readonly done: string; readonly failed: string },
): Promise<void> {
  try {
    const { outcome } = await accessSource.access(tenant, options)
    logger.info({ tenant, outcome }, done)
  } catch (error) {
    if (!options.signal.aborted) logger.error({ err: error, tenant }, failed)
  }
}
