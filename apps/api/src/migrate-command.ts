import { systemTimers } from './runtime/clock.ts'
import type { Config } from './configuration/config.ts'
import { openDatabase } from './database/database.ts'
import { openProductDatabase } from './database/product-database.ts'
import { createLogger } from './runtime/logger.ts'
import { VERSION } from './runtime/version.ts'

/**
 * Brings the database to this version without starting the product, so that an operator can do it beforehand. The
 * embedded one is started for it.
 *
 * @throws {ConfigurationError} when the database cannot be used
 */
export async function runMigrateCommand(config: Config, { print }: { print: (line: string) => void }): Promise<void> {
  const logger = createLogger(config.logLevel)
  const opened = await openProductDatabase(config, {
    open: (connectionString) =>
      openDatabase(
        connectionString,
        (error) => logger.warn({ err: error }, 'an idle database connection broke'),
        (message) => logger.info(message),
      ),
    timers: systemTimers,
  })
  await opened.close()
  print(`The database is ready for Inforiver Mail ${VERSION}.`)
}
