import { createTokenVault, type TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from './runtime/clock.ts'
import type { Config } from './configuration/config.ts'
import { openDatabase } from './database/database.ts'
import { databaseWarnings } from './database/database-warnings.ts'
import { openInstallation } from './database/installation.ts'
import { openProductDatabase, type ProductDatabase } from './database/product-database.ts'
import { checkVaultKeys, sampleSealedValues } from './database/sealed-values.ts'
import { createWaitForDatabase, type WaitForDatabase } from './database/wait-for-database.ts'
import type { NewId } from './runtime/ids.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { NO_TRACING, type Tracing } from './runtime/tracing.ts'
import { loadVaultKeys, type LoadedVaultKeys } from './vault/vault-keys.ts'
import { announceSealingKey } from './vault/presence-store.ts'

/** A database with this installation in it, and keys that open what is stored there. */
export interface OpenedProduct extends Pick<ProductDatabase, 'database' | 'connectionString' | 'explain' | 'close'> {
  readonly tenantId: string
  readonly keys: LoadedVaultKeys
  readonly vault: TokenVault
  readonly tracing: Tracing
  readonly waitForDatabase: WaitForDatabase
}

/**
 * Opens the database of the product, brings it up to date, and loads the keys of the vault. Leaves nothing running when it
 * fails.
 *
 * @throws {ConfigurationError} when the operator has to change something
 */
export async function openProduct(
  config: Config,
  logger: FastifyBaseLogger,
  {
    onFatal,
    clock,
    timers,
    newId,
    stopping,
  }: {
    onFatal: (error: unknown) => void
    clock: () => Date
    timers: Timers
    newId: NewId
    stopping: AbortSignal | undefined
  },
): Promise<OpenedProduct> {
  const waitForDatabase = createWaitForDatabase(logger, timers, stopping)
  const opened = await openProductDatabase(config, {
    open: (connectionString) =>
      waitForDatabase(() =>
        openDatabase(
          connectionString,
          (error) => logger.warn({ err: error }, 'an idle database connection broke'),
          (message) => logger.info(message),
        ),
      ),
    onRestart: () => logger.warn('the embedded PostgreSQL ended; starting it again'),
    onLost: onFatal,
    stopping,
    timers,
  })
  const { database, connectionString } = opened
  const closers: (() => void | Promise<void>)[] = []
  const close = async () => {
    try {
      for (const closeOne of closers.toReversed()) await closeOne()
    } finally {
      await opened.close()
    }
  }
  try {
    stopping?.throwIfAborted()
    const warnings = await waitForDatabase(() => databaseWarnings(database.pool, connectionString, timers))
    for (const warning of warnings) logger.warn(warning)
    const tenantId = await waitForDatabase(() => openInstallation(database, config, clock(), newId))
    const sealedColumns = Object.values(SEALED_COLUMNS)
    const keys = await loadVaultKeys(
      config,
      (message) => logger.warn(message),
      async () => (await waitForDatabase(() => sampleSealedValues(database.pool, sealedColumns))).length > 0,
    )
    closers.push(() => keys.close())
    const vault = createTokenVault(keys.keyRing)
    await waitForDatabase(() => checkVaultKeys(database.pool, vault, sealedColumns))
    const presence = await waitForDatabase(() =>
      announceSealingKey(connectionString, () => keys.keyRing.sealing.kid, timers),
    )
    closers.push(() => presence.stop())
    const tracing = await startTracing(config, timers, logger)
    closers.push(() => tracing.stop())
    const explain = (error: unknown) => opened.explain(error)
    return { database, connectionString, tenantId, keys, vault, tracing, waitForDatabase, explain, close }
  } catch (error) {
    await close()
    throw await opened.explain(error)
  }
}

/** Starts tracing if the configuration names a receiver. Its libraries are loaded only then. */
async function startTracing(
  config: Config,
  timers: Pick<Timers, 'sleep'>,
  logger: FastifyBaseLogger,
): Promise<Tracing> {
  if (config.tracing === null) return NO_TRACING
  const { createOtlpTracing } = await import('./runtime/otlp-tracing.ts')
  return createOtlpTracing({
    ...config.tracing,
    extraCaCertificates: config.outbound.extraCaCertificates,
    role: config.role,
    timers,
    logger,
  })
}
