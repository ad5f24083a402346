import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseVaultKeys, type KeyRing } from '@inforiver-mail/m365/key-ring'
import { createTokenVault, type TokenVault } from '@inforiver-mail/m365/token-vault'
import pg from 'pg'
import { explainDatabaseFault } from './backup/database-fault.ts'
import { simulatorStream } from './backup/manifest.ts'
import { openBackup, type Backup } from './backup/open-backup.ts'
import { isInUse, restoreDatabase, type Restored } from './backup/restore-database.ts'
import { systemClock } from './runtime/clock.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { exists, findFolderFault, readFreeBytes } from './database/embedded/data-folder.ts'
import { startEmbeddedPostgres, takeOrRefuse } from './database/embedded/embedded-postgres.ts'
import { clearHosts, installationFault } from './database/installation.ts'
import { KEEP_ALIVE } from './database/keep-alive.ts'
import { connectOrExplain, newerMigrations } from './database/migrations/migrate.ts'
import { openCluster } from './database/embedded/postgres-cluster.ts'
import { findServer, stopServer } from './database/embedded/postgres-server.ts'
import { takeProductLock } from './database/product-lock.ts'
import { hasData, replaceByRestored, restoringFolderOf } from './database/embedded/restored-folder.ts'
import { checkVaultKeys, describeVaultFaults, findVaultFaults } from './database/sealed-values.ts'
import { olderFault } from './database/migrations/version-1-5.ts'
import { writeDurably } from './runtime/durable-file.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'
import { hasVaultKeys, readVaultKeys, usesKeyFile } from './vault/vault-keys.ts'
import { VERSION } from './runtime/version.ts'

const MEGABYTE = 1_000_000
/** A new cluster, and the segments of the write-ahead log that PostgreSQL keeps besides what is written. */
const NEW_CLUSTER_BYTES = 150 * MEGABYTE
/** The write-ahead log does not grow beyond this (max_wal_size). */
const MAX_LOG_BYTES = 1_100 * MEGABYTE

export interface RestoreCommandOptions {
  /** The backup. */
  readonly from: string
  /** Whether what waited in the backup is failed instead of sent. */
  readonly noResend: boolean
  /** Whether to replace data that are there, which are kept. */
  readonly replace: boolean
}

interface Context extends RestoreCommandOptions {
  readonly config: Config
  readonly backup: Backup
  /** Null where the backup holds nothing that is sealed, and there are no keys. */
  readonly vault: TokenVault | null
  /** The keys to write where none are configured; null where some are. */
  readonly newKeys: string | null
  readonly time: string
  readonly print: (line: string) => void
}

/**
 * Restores an installation from a backup. Everything is verified before anything is touched, and the previous data are kept.
 *
 * @throws {ConfigurationError} when the backup does not fit, or the operator has to change something
 */
export async function runRestoreCommand(
  options: RestoreCommandOptions,
  config: Config,
  { print, clock = systemClock }: { print: (line: string) => void; clock?: () => Date },
): Promise<void> {
  const { from } = options
  const backup = await openBackup(from, VERSION)
  try {
    await refuseUnfit(backup, config)
    const time = clock().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
    const context = { ...options, ...(await findKeys(backup, config)), config, backup, time, print }
    const { unsent, kept } =
      config.database.kind === 'external'
        ? await restoreExternal(context, config.database.url)
        : await restoreEmbedded(context)
    const { version, createdAt } = backup.manifest
    print(`Restored what Inforiver Mail ${version} had at ${createdAt}.`)
    if (kept !== null) print(`What was there before is kept in ${kept}.`)
    print('Service keys and sessions are those of then: revoke again what was revoked since.')
    const counts = `${unsent.queued} queued, ${unsent.held} held, ${unsent.scheduled} scheduled, ${unsent.inDoubt} in doubt`
    if (Object.values(unsent).every((count) => count === 0)) print('No message is waiting.')
    else if (options.noResend) print(`Not sent again, and failed instead: ${counts}.`)
    else
      print(
        `The next start sends what waited: ${counts}. What was sent after the backup was made is sent twice; restored with --no-resend it would have failed instead.`,
      )
  } finally {
    await backup.close()
  }
}

async function refuseUnfit({ path, manifest }: Backup, config: Config): Promise<void> {
  if ((manifest.simulator !== null) !== (config.demo !== null))
    throw new ConfigurationError(
      manifest.simulator === null
        ? `${path} is not a backup of the demo, and belongs to an installation with an app registration.`
        : `${path} is a backup of the demo. Restore it with --demo.`,
    )
  const [unknown] = await newerMigrations(manifest.migrations)
  if (unknown !== undefined)
    throw new ConfigurationError(
      `${path} holds a newer database: it has the migration ${unknown}, which this version (${VERSION}) does not know. Restore it with a newer version.`,
    )
  const older = olderFault(path, manifest.migrations)
  if (older !== null) throw new ConfigurationError(older, { isLasting: true })
  const { installation } = manifest
  if (installation === null) return
  const hosts = config.demo ? { authorityHost: null, graphBaseUrl: null } : {}
  const fault = installationFault({ ...installation, ...hosts }, config, 'backup')
  if (fault !== null) throw new ConfigurationError(fault)
}

/** The configured keys, or those inside where none is. They have to open what the backup holds. */
async function findKeys(backup: Backup, config: Config): Promise<Pick<Context, 'vault' | 'newKeys'>> {
  const isConfigured = await hasVaultKeys(config)
  const inside = isConfigured ? null : await backup.readKeys()
  const { sealed } = backup.manifest
  if (!isConfigured && inside === null) {
    if (sealed.length === 0) return { vault: null, newKeys: null }
    throw new ConfigurationError(
      `${backup.path} holds no vault keys, and none are configured. Put those of its time into VAULT_KEYS, or into the file ${join(config.dataDirectory, 'vault-keys')}.`,
    )
  }
  const vault = createTokenVault(inside === null ? await readVaultKeys(config) : parse(inside))
  const faults = await findVaultFaults(vault, sealed)
  if (faults.size === 0) return { vault, newKeys: inside }
  const orItsOwn =
    usesKeyFile(config) && (await backup.readKeys()) !== null
      ? `, or move the file ${join(config.dataDirectory, 'vault-keys')} away: the backup holds its own`
      : ''
  throw new ConfigurationError(
    `The ${inside === null ? 'configured' : 'enclosed'} vault keys do not open ${backup.path}: ${describeVaultFaults(faults)}. Put the keys of its time into VAULT_KEYS or the key file, after those of today${orItsOwn}.`,
  )
}

function parse(keys: string): KeyRing {
  const parsed = parseVaultKeys(keys)
  if (parsed.outcome === 'faulty')
    throw new ConfigurationError(`The vault keys inside cannot be used. ${parsed.faults.join(' ')}`)
  return parsed.keyRing
}

async function restoreExternal(context: Context, connectionString: string): Promise<Restored> {
  return withConnection(connectionString, async (client) => {
    if (!(await takeProductLock(client)))
      throw new ConfigurationError('Inforiver Mail is running on this database. Stop every process of it first.')
    const inUse = await isInUse(client) // also refuses the tables of another program, whatever is asked for
    if (inUse && !context.replace)
      throw new ConfigurationError(
        'The database holds data already. Add --replace to keep them in a schema of their own and restore the backup in their place, or set DATABASE_URL to an empty database.',
      )
    const restored = await fill(client, connectionString, context)
    return { ...restored, kept: restored.kept && `the schema ${restored.kept}` }
  }).catch((error: unknown) => {
    throw explainDatabaseFault(error)
  })
}

async function restoreEmbedded(context: Context): Promise<Restored> {
  const { config, backup, newKeys, time } = context
  const { dataDirectory, runtimeDirectory } = config
  await stopLeftover(config)
  const folder = await takeOrRefuse(dataDirectory)
  const restoring = restoringFolderOf(dataDirectory)
  try {
    if (!context.replace && (await hasData(dataDirectory)))
      throw new ConfigurationError(
        `The data folder ${dataDirectory} holds data already. Add --replace to keep them in a folder in there and restore the backup in their place, or set DATA_DIR to another folder.`,
      )
    await removeUnfinished(config, restoring)
    await refuseSmallDisk(dataDirectory, backup)
    await mkdir(restoring, { mode: 0o700 })
    const options = { dataDirectory: restoring, runtimeDirectory, onRestart() {}, onLost() {} }
    const embedded = await startEmbeddedPostgres(options)
    let restored
    try {
      const { connectionString } = embedded
      restored = await withConnection(connectionString, (client) => fill(client, connectionString, context))
    } finally {
      await embedded.stop()
    }
    await writeSimulator(backup, join(restoring, 'simulator'))
    if (newKeys !== null) await writeDurably(join(restoring, 'vault-keys'), `${newKeys}\n`)
    return { ...restored, kept: await replaceByRestored(dataDirectory, time) }
  } catch (error) {
    await removeUnfinished(config, restoring).catch(() => {}) // the next restore does it
    throw (await findFolderFault(error, dataDirectory)) ?? error
  } finally {
    folder.release()
  }
}

async function fill(client: pg.Client, connectionString: string, context: Context): Promise<Restored> {
  const { config, backup, vault, noResend, time, print } = context
  return restoreDatabase(client, backup, {
    connectionString,
    noResend,
    time,
    print,
    async check(client) {
      if (vault !== null) await checkVaultKeys(client, vault, Object.values(SEALED_COLUMNS))
      if (config.demo) await clearHosts(client)
    },
  })
}

/** Stops the server that a killed product has left. */
async function stopLeftover({ dataDirectory, runtimeDirectory }: Config): Promise<void> {
  if ((await findServer(join(dataDirectory, 'postgres')).catch(() => null)) === null) return
  const embedded = await startEmbeddedPostgres({ dataDirectory, runtimeDirectory, onRestart() {}, onLost() {} })
  await embedded.stop()
}

/** Removes what a restore that was cut off has left, and stops its server. */
async function removeUnfinished({ runtimeDirectory }: Config, restoring: string): Promise<void> {
  if (!(await exists(restoring))) return
  if ((await findServer(join(restoring, 'postgres'))) !== null)
    await stopServer(await openCluster({ dataDirectory: restoring, runtimeDirectory }))
  await rm(restoring, { recursive: true, force: true })
}

/** The restored data lie beside those that are there until all is done. */
async function refuseSmallDisk(dataDirectory: string, { manifest }: Backup): Promise<void> {
  const files = (manifest.simulator ?? []).reduce((sum, { bytes }) => sum + bytes, 0)
  const logBytes = Math.min(manifest.storedBytes, MAX_LOG_BYTES)
  const needed = NEW_CLUSTER_BYTES + manifest.storedBytes + logBytes + files
  const free = await readFreeBytes(dataDirectory)
  if (free >= needed) return
  throw new ConfigurationError(
    `The disk of the data folder ${dataDirectory} is too small: it has ${Math.floor(free / MEGABYTE)} MB free, and the restore takes ${Math.ceil(needed / MEGABYTE)} MB. Make room, or set DATA_DIR to another folder.`,
  )
}

async function writeSimulator(backup: Backup, directory: string): Promise<void> {
  for (const { path } of backup.manifest.simulator ?? []) {
    const target = join(directory, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const file = await open(target, 'wx', 0o600)
    try {
      for await (const content of backup.read(simulatorStream(path))) await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  }
}

async function withConnection<Result>(
  connectionString: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString, ...KEEP_ALIVE })
  client.on('error', () => {}) // the statement under way fails with it
  try {
    await connectOrExplain(client)
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
