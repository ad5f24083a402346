import type pg from 'pg'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigurationError } from '../../configuration/config.ts'
import {
  exists,
  findFolderFault,
  folderFaultOf,
  isDataFolderTaken,
  takeDataFolder,
  type DataFolder,
} from './data-folder.ts'
import { addressOf, connectionString, connectMutually } from './postgres-address.ts'
import {
  DATABASE_NAME,
  IS_SUPERUSER,
  openCluster,
  passwordFileOf,
  prepareCluster,
  readPassword,
} from './postgres-cluster.ts'
import { programFaultOf } from './postgres-programs.ts'
import { finishRestore } from './restored-folder.ts'
import {
  disownLeftovers,
  findServer,
  interruptServer,
  runAtAddress,
  stopServer,
  type Cluster,
} from './postgres-server.ts'
import { tooOld } from '../migrations/version-1-5.ts'

const START_ATTEMPTS = 10
const BETWEEN_ATTEMPTS_MS = 500

export type EmbeddedPostgres = Awaited<ReturnType<typeof startEmbeddedPostgres>>

export interface EmbeddedPostgresOptions {
  readonly dataDirectory: string
  /** The folder for the socket when the path of the data folder is too long for one. */
  readonly runtimeDirectory?: string | null
  readonly onRestart: () => void
  readonly onLost: (error: unknown) => void
  /** The wait before another attempt to start the server. */
  readonly betweenAttemptsMs?: number
  /** Cancels the start: it then ends what it began, and rejects. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts the bundled PostgreSQL in `dataDirectory`, for this process alone, and connects through a socket that only its
 * account can reach. It adopts a server that a killed process left running. A server that dies while it is in use is
 * restarted at the same address; `onLost` is called when that fails.
 *
 * @throws {ConfigurationError} when the folder cannot be used, or another process uses it
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions) {
  const { dataDirectory, signal } = options
  const folder = reserved.get(dataDirectory) ?? (await takeOrRefuse(dataDirectory))
  reserved.delete(dataDirectory)
  try {
    return await startInFolder(options, () => folder.release())
  } catch (error) {
    folder.release()
    signal?.throwIfAborted()
    throw (await findFolderFault(error, dataDirectory)) ?? describeProgramFault(error) ?? error
  }
}

function describeProgramFault(error: unknown): ConfigurationError | null {
  const fault = programFaultOf(error)
  return fault === null ? null : new ConfigurationError(`The embedded PostgreSQL does not start. ${fault} Start again.`)
}

const reserved = new Map<string, DataFolder>()

/**
 * Takes the data folder before `startEmbeddedPostgres` does, for a part that starts earlier and writes there too.
 *
 * @throws {ConfigurationError} when the folder cannot be used, or another process uses it
 */
export async function reserveDataFolder(dataDirectory: string): Promise<void> {
  reserved.set(dataDirectory, await takeOrRefuse(dataDirectory))
}

/**
 * Takes the data folder for this process alone. What a restore has put beside its data takes their place, in case it was
 * cut off while it did that.
 *
 * @throws {ConfigurationError} when the folder cannot be used, or another process uses it
 */
export async function takeOrRefuse(dataDirectory: string): Promise<DataFolder> {
  const folder = await takeDataFolder(dataDirectory)
  if (folder === null) throw await describeOwner(dataDirectory)
  try {
    await finishRestore(dataDirectory)
    return folder
  } catch (error) {
    folder.release()
    throw (await findFolderFault(error, dataDirectory)) ?? error
  }
}

async function startInFolder(options: EmbeddedPostgresOptions, release: () => void) {
  const { dataDirectory, onRestart, onLost, betweenAttemptsMs = BETWEEN_ATTEMPTS_MS } = options
  const cluster = await openCluster(options)
  const stopping = new AbortController()
  let recovery = Promise.resolve()
  // A process that exits without calling `stop`, also during the start, still asks the server to shut down.
  const interrupt = () => interruptServer(cluster)
  process.once('exit', interrupt)
  let client = await startOrStop(cluster, betweenAttemptsMs, options.signal).catch((error: unknown) => {
    process.off('exit', interrupt)
    throw error
  })
  const watch = () => {
    client.once('end', () => {
      if (stopping.signal.aborted) return
      onRestart()
      recovery = bringUp(cluster, betweenAttemptsMs, stopping.signal).then(
        (next) => {
          client = next
          watch()
        },
        async (error: unknown) => {
          if (!stopping.signal.aborted) onLost((await findFolderFault(error, dataDirectory)) ?? error)
        },
      )
    })
  }
  watch()
  return {
    connectionString: connectionString(cluster.address, cluster.password, DATABASE_NAME),
    /** Turns an error of the start into a sentence, if the data folder or its disk caused it. */
    async explain(error: unknown): Promise<unknown> {
      return (await findFolderFault(error, dataDirectory)) ?? error
    },
    /** Stops PostgreSQL cleanly and waits for it. */
    async stop(): Promise<void> {
      stopping.abort()
      await recovery // otherwise a server that is being restarted would outlive this process
      await client.end().catch(() => {})
      try {
        await stopServer(cluster)
        process.off('exit', interrupt)
      } finally {
        release()
      }
    },
  }
}

/**
 * Returns the address of the server of a product that runs on this data folder, or null when none does. It starts and
 * adopts nothing.
 *
 * @throws {ConfigurationError} when the folder has no database, or its product is starting or stopping
 */
export async function findRunningPostgres(dataDirectory: string): Promise<string | null> {
  const directory = join(dataDirectory, 'postgres')
  if (!(await exists(join(directory, 'PG_VERSION'))))
    throw new ConfigurationError(`There is no database in ${dataDirectory} yet. Start Inforiver Mail once.`)
  if (!(await isDataFolderTaken(dataDirectory))) return null
  const server = await findServer(directory)
  if (server?.state !== 'ready')
    throw new ConfigurationError('Inforiver Mail is starting or stopping. Try again when it is ready.')
  const password = await readPassword(dataDirectory)
  if (password === null)
    throw new ConfigurationError(
      `${passwordFileOf(dataDirectory)} holds no password. Restart Inforiver Mail, which makes a new one.`,
    )
  return connectionString(addressOf(directory, server), password, DATABASE_NAME)
}

/** Describes the process that has the data folder. */
async function describeOwner(dataDirectory: string): Promise<ConfigurationError> {
  const server = await findServer(join(dataDirectory, 'postgres')).catch(() => null)
  return new ConfigurationError(
    server === null || server.state === 'starting'
      ? 'Another Inforiver Mail is starting on this data folder. Use that one, or set DATA_DIR to another folder.'
      : 'Another Inforiver Mail is already running on this data folder. Stop it first, or set DATA_DIR to another folder.',
  )
}

/** Stops the server when the start fails, even one that another process left running: this process owns the folder. */
async function startOrStop(
  cluster: Cluster,
  betweenAttemptsMs: number,
  signal: AbortSignal | undefined,
): Promise<pg.Client> {
  try {
    const client = await bringUp(cluster, betweenAttemptsMs, signal)
    signal?.throwIfAborted()
    return client
  } catch (error) {
    await stopServer(cluster).catch(() => {})
    throw error
  }
}

/** Ensures that the server runs at its address and accepts the product's login. */
async function bringUp(
  cluster: Cluster,
  betweenAttemptsMs: number,
  signal: AbortSignal | undefined,
): Promise<pg.Client> {
  let lastError: unknown
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (attempt > 0) await delay(betweenAttemptsMs, undefined, signal && { signal })
    try {
      await runAtAddress(cluster, signal)
      return (await logIn(cluster)) ?? (await prepareAndLogIn(cluster, signal))
    } catch (error) {
      signal?.throwIfAborted()
      const fault = folderFaultOf(error, cluster.dataDirectory)
      if (fault !== null) throw fault
      lastError = error
    }
  }
  throw (
    (await findFolderFault(lastError, cluster.dataDirectory)) ??
    new ConfigurationError(
      `The embedded PostgreSQL does not start. ${lastError instanceof Error ? lastError.message.replace(/\.?$/, '.') : ''}`,
    )
  )
}

/**
 * Logs in, or returns null when the password is not as it should be. The connection stays open to notice when the server
 * ends. It uses the database `postgres`, where it is not mistaken for another product.
 */
async function logIn({ address, password, dataDirectory }: Cluster): Promise<pg.Client | null> {
  let client: pg.Client
  try {
    client = await connectMutually(connectionString(address, password, 'postgres'))
  } catch (error) {
    if (LOGIN_REFUSALS.has((error as { code?: string }).code ?? '')) return null
    throw error
  }
  const { rows } = await client.query<{ super: boolean }>(IS_SUPERUSER)
  if (!rows[0]?.super) return client
  await client.end()
  throw new ConfigurationError(tooOld(`The data folder ${dataDirectory}`), { isLasting: true })
}

/** SQLSTATE of a wrong password, and of a missing role or a rejection by pg_hba.conf. */
const LOGIN_REFUSALS: ReadonlySet<string> = new Set(['28P01', '28000'])

async function prepareAndLogIn(cluster: Cluster, signal: AbortSignal | undefined): Promise<pg.Client> {
  await stopServer(cluster)
  await disownLeftovers(cluster)
  await prepareCluster(cluster, cluster.directory, cluster.password)
  await runAtAddress(cluster, signal)
  const client = await logIn(cluster)
  if (client !== null) return client
  throw new ConfigurationError(
    `The embedded PostgreSQL lets nobody in. Take back what was changed in pg_hba.conf or postgresql.conf in ${cluster.directory}.`,
  )
}
