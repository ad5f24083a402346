import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { ConfigurationError } from '../config.ts'
import { syncDirectory, writeDurably } from '../durable-file.ts'
import {
  exists,
  findFolderFault,
  folderFaultOf,
  isDataFolderTaken,
  readFreeBytes,
  takeDataFolder,
  type DataFolder,
} from './data-folder.ts'
import { choosePostgresAccount, handOver } from './postgres-account.ts'
import {
  addressOf,
  chooseAddress,
  connectionString,
  connectMutually,
  type PostgresAddress,
} from './postgres-address.ts'
import { findBinaries, programFaultOf, runProgram, type Programs } from './postgres-programs.ts'
import { BOOTSTRAP_ROLE, DATABASE_NAME, IS_PREPARED, prepareCluster } from './postgres-role.ts'

const INITDB_TIMEOUT_MS = 120_000
/** What a new database takes: its files, and two segments of the write-ahead log. */
const NEW_DATABASE_BYTES = 100 * 1024 * 1024
const START_TIMEOUT_SECONDS = 60 // crash recovery after a kill may take its time
const STOP_TIMEOUT_SECONDS = 30
const PG_CTL_TIMEOUT_MS = (START_TIMEOUT_SECONDS + 10) * 1_000
const START_ATTEMPTS = 10
const LOCK_ATTEMPTS = 4 // PostgreSQL may need a moment to notice that the process before was killed
const BETWEEN_ATTEMPTS_MS = 500
const LOOK_EVERY_MS = 100
/** Held by version 1.0.0 on the server that it uses. */
const OWNER_LOCK_OF_1_0_0 = 719_283_001
const PASSWORD_PATTERN = /^[0-9a-f]{48}$/

export interface EmbeddedPostgres {
  readonly connectionString: string
  /** What an error of a start says, as a sentence where the data folder or its disk is the cause. */
  explain(error: unknown): Promise<unknown>
  /** Stops PostgreSQL cleanly and waits for it. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  readonly dataDirectory: string
  /** For the socket, where the path of the data folder is too long for one. */
  readonly runtimeDirectory?: string | null
  readonly onRestart: () => void
  readonly onLost: (error: unknown) => void
  /** Aborted when the start is to be given up: what it has begun is ended, and it rejects. */
  readonly signal?: AbortSignal | undefined
}

interface Cluster extends Programs {
  readonly dataDirectory: string
  readonly directory: string
  readonly password: string
  readonly address: PostgresAddress
}

/** A server, as the file tells that it keeps in the cluster while it runs. */
interface Server {
  readonly port: number
  /** Null when it listens by TCP alone, as that of version 1.0.0 does. */
  readonly socketSetting: string | null
  readonly state: 'starting' | 'ready' | 'stopping'
}

/**
 * Starts the PostgreSQL that comes with the product, in `dataDirectory`, for this process alone, and connects by a
 * socket that only its account reaches. A server that a killed process left running is taken over. When the server dies
 * while it is in use, it is started again at the same address; `onLost` is called when that fails.
 *
 * @throws {ConfigurationError} when the folder cannot be used, or another process uses it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
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
 * Takes the data folder ahead of `startEmbeddedPostgres`, for what has to start before and writes there too.
 *
 * @throws {ConfigurationError} as that does.
 */
export async function reserveDataFolder(dataDirectory: string): Promise<void> {
  reserved.set(dataDirectory, await takeOrRefuse(dataDirectory))
}

async function takeOrRefuse(dataDirectory: string): Promise<DataFolder> {
  const folder = await takeDataFolder(dataDirectory)
  if (folder === null) throw await describeOwner(dataDirectory)
  return folder
}

async function startInFolder(options: EmbeddedPostgresOptions, release: () => void): Promise<EmbeddedPostgres> {
  const { dataDirectory, onRestart, onLost } = options
  const cluster = await openCluster(options)
  await refuseUseByOlderVersion(cluster)
  const stopping = new AbortController()
  let recovery = Promise.resolve()
  let client = await startOrStop(cluster, options.signal)
  const watch = () => {
    client.once('end', () => {
      if (stopping.signal.aborted) return
      onRestart()
      recovery = bringUp(cluster, stopping.signal).then(
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
  // A process that ends before it could stop the server tells it to stop by itself.
  const interrupt = () => interruptServer(cluster)
  process.once('exit', interrupt)
  return {
    connectionString: connectionString(cluster.address, cluster.password, DATABASE_NAME),
    async explain(error) {
      return (await findFolderFault(error, dataDirectory)) ?? error
    },
    async stop() {
      stopping.abort()
      await recovery // a server that is just being started again would outlive us
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
 * The server of a product that runs on this data folder, or null when none does. Nothing is started and nothing taken
 * over.
 *
 * @throws {ConfigurationError} when there is no database in the folder, or it cannot be used right now.
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

async function openCluster({
  dataDirectory,
  runtimeDirectory = null,
  signal,
}: EmbeddedPostgresOptions): Promise<Cluster> {
  const directory = join(dataDirectory, 'postgres')
  const binaries = await findBinaries()
  const account = await choosePostgresAccount(directory, binaries.postgres)
  const isNew = !(await exists(join(directory, 'PG_VERSION')))
  if (isNew) await refuseSmallDisk(dataDirectory)
  const password = (await readPassword(dataDirectory)) ?? (await makePassword(dataDirectory))
  if (isNew) await initialise({ binaries, account }, { directory, password, signal })
  const address = await chooseAddress(directory, account, {
    runtimeDirectory,
    tcpPort: (await findServer(directory))?.port ?? null,
  })
  return { binaries, account, dataDirectory, directory, password, address }
}

async function refuseSmallDisk(dataDirectory: string): Promise<void> {
  const freeBytes = await readFreeBytes(dataDirectory)
  if (freeBytes >= NEW_DATABASE_BYTES) return
  const [free, needed] = [freeBytes, NEW_DATABASE_BYTES].map((bytes) => Math.floor(bytes / 1024 / 1024))
  throw new ConfigurationError(
    `The disk of the data folder ${dataDirectory} is too small: it has ${free} MB free, and a new database takes ${needed} MB. Make room, or set DATA_DIR to another folder.`,
  )
}

/**
 * Made beside its final place and moved there whole, so that a kill in the middle leaves nothing half done. Under a name
 * of its own: what a kill left may still be at work, and removes its folder when it fails.
 */
async function initialise(
  programs: Programs,
  { directory, password, signal }: { directory: string; password: string; signal: AbortSignal | undefined },
): Promise<void> {
  await removeUnfinished(directory)
  const unfinished = `${directory}.new-${randomBytes(4).toString('hex')}`
  const passwordFile = join(unfinished, 'password')
  const target = join(unfinished, 'cluster')
  try {
    await mkdir(target, { recursive: true, mode: 0o700 })
    await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 }) // taken away again below
    for (const path of [unfinished, target, passwordFile]) await handOver(path, programs.account)
    const parameters = [
      `--pgdata=${target}`,
      `--username=${BOOTSTRAP_ROLE}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ]
    await runProgram(programs, 'initdb', parameters, { timeoutMs: INITDB_TIMEOUT_MS, signal })
    await prepareCluster(programs, target, password)
    await rename(target, directory)
    await syncDirectory(join(directory, '..'))
  } finally {
    await removeUnfinished(directory).catch(() => {}) // the next start does it
  }
}

async function removeUnfinished(directory: string): Promise<void> {
  const parent = join(directory, '..')
  for (const name of await readdir(parent))
    if (name.startsWith('postgres.new')) await rm(join(parent, name), { recursive: true, force: true })
}

/** What keeps this process from a folder that another one has. */
async function describeOwner(dataDirectory: string): Promise<ConfigurationError> {
  const server = await findServer(join(dataDirectory, 'postgres')).catch(() => null)
  return new ConfigurationError(
    server === null || server.state === 'starting'
      ? 'Another Inforiver Mail is starting on this data folder. Use that one, or set DATA_DIR to another folder.'
      : ALREADY_RUNNING,
  )
}

const ALREADY_RUNNING =
  'Another Inforiver Mail is already running on this data folder. Stop it first, or set DATA_DIR to another folder.'

/** Version 1.0.0 holds no lock on the folder, but one on its server. */
async function refuseUseByOlderVersion({ directory, password }: Cluster): Promise<void> {
  const server = await findServer(directory)
  if (server?.state !== 'ready' || server.socketSetting !== null) return
  const url = connectionString(addressOf(directory, server), password, 'postgres')
  const client = await connectMutually(url).catch(() => null)
  if (client === null) return
  try {
    for (let attempt = 1; ; attempt++) {
      const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
        OWNER_LOCK_OF_1_0_0,
      ])
      if (rows[0]?.locked) return
      if (attempt === LOCK_ATTEMPTS) throw new ConfigurationError(ALREADY_RUNNING)
      await delay(BETWEEN_ATTEMPTS_MS)
    }
  } finally {
    await client.end()
  }
}

/** A server that runs on our folder is ours, whoever started it: a start that fails leaves none. */
async function startOrStop(cluster: Cluster, signal: AbortSignal | undefined): Promise<pg.Client> {
  try {
    const client = await bringUp(cluster, signal)
    signal?.throwIfAborted()
    return client
  } catch (error) {
    await stopServer(cluster).catch(() => {})
    throw error
  }
}

/** Makes sure that the server runs at its address and lets the product in. */
async function bringUp(cluster: Cluster, signal: AbortSignal | undefined): Promise<pg.Client> {
  let lastError: unknown
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (attempt > 0) await delay(BETWEEN_ATTEMPTS_MS, undefined, signal && { signal })
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

async function runAtAddress(cluster: Cluster, signal: AbortSignal | undefined): Promise<void> {
  let server = await findServer(cluster.directory)
  for (let waitedMs = 0; server !== null && server.state !== 'ready'; waitedMs += LOOK_EVERY_MS) {
    if (waitedMs >= START_TIMEOUT_SECONDS * 1_000) throw new Error('It did not become ready in time.')
    await delay(LOOK_EVERY_MS, undefined, signal && { signal })
    server = await findServer(cluster.directory)
  }
  if (server !== null && isAt(server, cluster.address)) return
  await stopServer(cluster)
  await disownLeftovers(cluster)
  await startServer(cluster, signal)
}

function isAt({ port, socketSetting }: Server, { settings }: PostgresAddress): boolean {
  return settings['port'] === String(port) && (settings['unix_socket_directories'] || null) === socketSetting
}

/**
 * Null when the server does not know the product as it should. The connection stays open, to notice when the server
 * ends, and is no sign of another process in the product's database.
 */
async function logIn({ address, password }: Cluster): Promise<pg.Client | null> {
  let client: pg.Client
  try {
    client = await connectMutually(connectionString(address, password, 'postgres'))
  } catch (error) {
    if (LOGIN_REFUSALS.has((error as { code?: string }).code ?? '')) return null
    throw error
  }
  const { rows } = await client.query<{ prepared: boolean }>(IS_PREPARED)
  if (rows[0]?.prepared) return client
  await client.end()
  return null
}

/** Wrong password; no such role, or what pg_hba.conf says. */
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

async function stopServer(cluster: Cluster): Promise<void> {
  if ((await findServer(cluster.directory)) === null) return
  const command = ['stop', '--mode=fast', '--wait', `--timeout=${STOP_TIMEOUT_SECONDS}`]
  try {
    // Ctrl+C in a terminal reaches pg_ctl too, and ends it while it waits.
    await pgCtl(cluster, command).catch((error: { signal?: unknown }) => {
      if (error.signal !== 'SIGINT') throw error
      return pgCtl(cluster, command)
    })
  } catch (error) {
    if ((await findServer(cluster.directory)) !== null) throw error
  }
}

/** Asks for a fast shutdown, without waiting for it. */
function interruptServer({ directory }: Cluster): void {
  try {
    const pid = Number(readFileSync(pidFileOf(directory), 'utf8').split('\n')[0])
    if (isServerOf(pid, directory)) process.kill(pid, 'SIGINT')
  } catch {
    // It does not run.
  }
}

async function startServer(cluster: Cluster, signal: AbortSignal | undefined): Promise<void> {
  const settings = {
    ...cluster.address.settings,
    password_encryption: 'scram-sha-256',
    logging_collector: 'on',
    log_filename: 'postgres-%a.log', // one file a weekday, overwritten a week later
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
  }
  // Unquoted, because a shell and the Windows command line would quote differently.
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const startedAt = new Date()
  await rm(startLogOf(cluster), { force: true }) // what it says is of this start
  const interruption = interruptOnceFound(cluster, signal)
  try {
    await pgCtl(
      cluster,
      [
        'start',
        '--wait',
        `--timeout=${START_TIMEOUT_SECONDS}`,
        `--log=${startLogOf(cluster)}`,
        `--options=${flags.join(' ')}`,
      ],
      interruption.signal,
    )
  } catch (error) {
    throw await describeFailedStart(cluster, error, startedAt)
  } finally {
    interruption.end()
  }
}

/**
 * Passes an interruption on as soon as the server can be found by its file. `pg_ctl` that is interrupted between forking
 * the server and listening for the signal leaves a server which nobody would find yet, and which would stay.
 */
function interruptOnceFound(
  { directory }: Cluster,
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal; end(): void } {
  signal?.throwIfAborted()
  const interruption = new AbortController()
  const ended = new AbortController()
  const interrupt = async () => {
    while (!ended.signal.aborted && (await findServer(directory).catch(() => null)) === null) await delay(LOOK_EVERY_MS)
    interruption.abort()
  }
  const listen = () => void interrupt()
  signal?.addEventListener('abort', listen, { once: true })
  return {
    signal: interruption.signal,
    end() {
      ended.abort()
      signal?.removeEventListener('abort', listen)
    },
  }
}

function startLogOf({ directory }: Cluster): string {
  return join(directory, 'start.log')
}

async function pgCtl(cluster: Cluster, command: string[], signal?: AbortSignal): Promise<void> {
  const parameters = [...command, '--silent', `--pgdata=${cluster.directory}`]
  await runProgram(cluster, 'pg_ctl', parameters, { timeoutMs: PG_CTL_TIMEOUT_MS, signal })
}

/** `pg_ctl` says only that it failed; PostgreSQL itself says why. */
async function describeFailedStart(cluster: Cluster, error: unknown, startedAt: Date): Promise<Error> {
  const written = await readLastWords(cluster, startedAt)
  if (written !== null) return new Error(`Its own words are in ${written.file}: ${written.words}`)
  const { stderr = '' } = error as { stderr?: string }
  return Object.assign(new Error(programFaultOf(error) ?? (error as Error).message), { stderr })
}

/** It speaks to the start's file until its log has begun. */
async function readLastWords(cluster: Cluster, since: Date): Promise<{ file: string; words: string } | null> {
  const logDirectory = join(cluster.directory, 'log')
  const logs = (await readdir(logDirectory).catch(() => [])).map((name) => join(logDirectory, name))
  for (const file of [startLogOf(cluster), ...logs]) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
    const words = lines.findLast((line) => isOfStart(line, since) && /\b(FATAL|PANIC):|^postgres:/.test(line))
    if (words !== undefined) return { file, words }
  }
  return null
}

/** A line of the log begins with its time, in UTC. */
function isOfStart(line: string, since: Date): boolean {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC/.exec(line) ?? []
  return day === undefined || `${day}T${time}Z` >= since.toISOString()
}

/** The server that runs on the cluster, or null; the file may be left over from one that was killed. */
async function findServer(directory: string): Promise<Server | null> {
  const text = await readPidFile(directory)
  if (text === null) return null
  const [pid, , , port, socket = '', , , status = ''] = text.split('\n')
  if (!isServerOf(Math.abs(Number(pid)), directory)) return null
  const state = STATES[status.trim()] ?? 'starting'
  return { port: Number(port), socketSetting: socket === '' ? null : socket, state }
}

function pidFileOf(directory: string): string {
  return join(directory, 'postmaster.pid')
}

async function readPidFile(directory: string): Promise<string | null> {
  return readFile(pidFileOf(directory), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/**
 * Files of a killed server that PostgreSQL would not start over: it takes any process with the noted id for a server,
 * and an empty file for one that just starts. The noted id becomes our own, which it knows for its starter's; the rest
 * of the file stays, because from it PostgreSQL tells whether helpers of the killed one are still at work.
 */
async function disownLeftovers({ directory, address }: Cluster): Promise<void> {
  const text = await readPidFile(directory)
  if (text === null || (await findServer(directory)) !== null) return
  const [, ...rest] = text.split('\n')
  if (text === '') await rm(pidFileOf(directory))
  else await writeFile(pidFileOf(directory), [process.pid, ...rest].join('\n'))
  const { socketDirectory, port } = address
  if (socketDirectory !== null) await rm(join(socketDirectory, `.s.PGSQL.${port}.lock`), { force: true })
}

const STATES: Readonly<Record<string, Server['state']>> = { ready: 'ready', stopping: 'stopping' }

/** A server works in the folder of its cluster; only Linux tells where a process works. */
function isServerOf(pid: number, directory: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory)
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function passwordFileOf(dataDirectory: string): string {
  return join(dataDirectory, 'postgres-password')
}

/** Null when there is none, or when a power cut has left something else in its file. */
async function readPassword(dataDirectory: string): Promise<string | null> {
  const text = await readFile(passwordFileOf(dataDirectory), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return PASSWORD_PATTERN.test(text) ? text : null
}

/** The cluster learns it when it refuses the product. */
async function makePassword(dataDirectory: string): Promise<string> {
  const password = randomBytes(24).toString('hex')
  await writeDurably(passwordFileOf(dataDirectory), password)
  return password
}
