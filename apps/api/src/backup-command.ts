import { join } from 'node:path'
import { formatVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import pg from 'pg'
import { createBackupFile, refuseExistingFile } from './backup/backup-file.ts'
import { explainDatabaseFault } from './backup/database-fault.ts'
import { writeBackup } from './backup/write-backup.ts'
import { systemClock } from './runtime/clock.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { findRunningPostgres, startEmbeddedPostgres } from './database/embedded/embedded-postgres.ts'
import { KEEP_ALIVE } from './database/keep-alive.ts'
import { connectOrExplain, holdMigrations, newerMigrations } from './database/migrations/migrate.ts'
import { BACKUP_SESSION } from './database/open-transactions.ts'
import { shareProductLock, takeBackupLock } from './database/product-lock.ts'
import { applySettings, NO_TIME_LIMITS } from './database/session-settings.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { readVaultKeys } from './vault/vault-keys.ts'
import { VERSION } from './runtime/version.ts'

export interface BackupOptions {
  /** The file to write. */
  readonly to: string
  readonly withKeys: boolean
}

/**
 * Writes everything that an installation has into one file, whether or not the product is running.
 *
 * @throws {ConfigurationError} when the file, the database or the keys cannot be used
 */
export async function runBackupCommand(
  { to, withKeys }: BackupOptions,
  config: Config,
  { print, clock = systemClock }: { print: (line: string) => void; clock?: () => Date },
): Promise<void> {
  await refuseExistingFile(to)
  const ring = withKeys ? await readVaultKeys(config) : null
  const enclosed = ring && { text: formatVaultKeys(ring), vault: createTokenVault(ring) }
  const database = await openForBackup(config)
  const client = new pg.Client({ connectionString: database.connectionString, ...KEEP_ALIVE })
  client.on('error', () => {}) // the statement under way fails with it
  try {
    await connectOrExplain(client)
    // Set here, since a name in DATABASE_URL would take precedence over one of the connection.
    await applySettings(client, { ...NO_TIME_LIMITS, application_name: BACKUP_SESSION })
    if (!(await shareProductLock(client)))
      throw new ConfigurationError('The database is being restored from a backup. Try again when that is done.')
    if (!(await takeBackupLock(client)))
      throw new ConfigurationError('Another backup is being made. Try again when that is done.')
    await holdMigrations(client)
    const at = clock()
    const file = await createBackupFile(to, at, print)
    try {
      const manifest = await writeBackup(client, file, {
        version: VERSION,
        createdAt: at,
        sealedColumns: Object.values(SEALED_COLUMNS),
        keys: enclosed,
        simulatorDirectory: config.demo ? join(config.dataDirectory, 'simulator') : null,
      })
      const bytes = await file.finish()
      const rows = manifest.tables.reduce((sum, { lines }) => sum + lines, 0)
      print(`${to} holds ${rows} rows of ${manifest.tables.length} tables in ${inMegabytes(bytes)}.`)
      print(
        enclosed === null
          ? 'The vault keys are not inside: keep them in another place. Nothing can be sent without them.'
          : 'The vault keys are inside: whoever has the file can read everything in it.',
      )
      const newer = await newerMigrations(manifest.migrations)
      if (newer.length > 0)
        print(
          `A newer version has changed the database (${newer.join(', ')}): restore this backup with that version, and start this one afterwards.`,
        )
    } catch (error) {
      await file.discard()
      throw explainDatabaseFault(error)
    }
  } finally {
    await client.end().catch(() => {})
    await database.close()
  }
}

async function openForBackup({
  database,
  dataDirectory,
  runtimeDirectory,
}: Config): Promise<{ connectionString: string; close(): Promise<void> }> {
  if (database.kind === 'external') return { connectionString: database.url, async close() {} }
  const running = await findRunningPostgres(dataDirectory)
  if (running !== null) return { connectionString: running, async close() {} }
  const embedded = await startEmbeddedPostgres({ dataDirectory, runtimeDirectory, onRestart() {}, onLost() {} })
  return { connectionString: embedded.connectionString, close: () => embedded.stop() }
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
