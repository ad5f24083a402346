import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresAddress } from './postgres-address.ts'
import { programFaultOf, runProgram, type Programs } from './postgres-programs.ts'

// The process of the embedded PostgreSQL: finding, starting and stopping it with pg_ctl.

const START_TIMEOUT_SECONDS = 60 // crash recovery after a kill takes time
const STOP_TIMEOUT_SECONDS = 30
const PG_CTL_TIMEOUT_MS = (START_TIMEOUT_SECONDS + 10) * 1_000
const LOOK_EVERY_MS = 100

/** A cluster, and how its server is run and reached. */
export interface Cluster extends Programs {
  readonly dataDirectory: string
  readonly directory: string
  readonly password: string
  readonly address: PostgresAddress
}

/** A running server, as its postmaster.pid describes it. */
export interface Server {
  readonly port: number
  /** The folder of its socket; null when it listens on TCP only, as on Windows. */
  readonly socketSetting: string | null
  readonly state: 'starting' | 'ready' | 'stopping'
}

/** Starts the server, unless it runs at its address already. A server at another address is stopped first. */
export async function runAtAddress(cluster: Cluster, signal: AbortSignal | undefined): Promise<void> {
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

export async function stopServer(cluster: Cluster): Promise<void> {
  if ((await findServer(cluster.directory)) === null) return
  const command = ['stop', '--mode=fast', '--wait', `--timeout=${STOP_TIMEOUT_SECONDS}`]
  try {
    // Ctrl+C in a terminal also reaches pg_ctl, and ends it while it waits.
    await pgCtl(cluster, command).catch((error: { signal?: unknown }) => {
      if (error.signal !== 'SIGINT') throw error
      return pgCtl(cluster, command)
    })
  } catch (error) {
    if ((await findServer(cluster.directory)) !== null) throw error
  }
}

/** Requests a fast shutdown, without waiting for it. Synchronous, for a process that is exiting. */
export function interruptServer({ directory }: Cluster): void {
  try {
    const pid = Number(readFileSync(pidFileOf(directory), 'utf8').split('\n')[0])
    if (isServerOf(pid, directory)) process.kill(pid, 'SIGINT')
  } catch {
    // It is not running.
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
  // The values need no quoting, which differs between a shell and the Windows command line.
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const startedAt = new Date()
  await rm(startLogOf(cluster), { force: true }) // it must describe this start only
  // An interrupted `pg_ctl` may leave a server behind that cannot be found yet, so the server itself is interrupted. One
  // that has no pid file yet starts, and is stopped then.
  const interrupt = () => interruptServer(cluster)
  signal?.throwIfAborted()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    await pgCtl(cluster, [
      'start',
      '--wait',
      `--timeout=${START_TIMEOUT_SECONDS}`,
      `--log=${startLogOf(cluster)}`,
      `--options=${flags.join(' ')}`,
    ])
  } catch (error) {
    throw await describeFailedStart(cluster, error, startedAt)
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

function startLogOf({ directory }: Cluster): string {
  return join(directory, 'start.log')
}

async function pgCtl(cluster: Cluster, command: string[]): Promise<void> {
  const parameters = [...command, '--silent', `--pgdata=${cluster.directory}`]
  await runProgram(cluster, 'pg_ctl', parameters, { timeoutMs: PG_CTL_TIMEOUT_MS })
}

/** `pg_ctl` only reports that it failed; PostgreSQL's own log has the reason. */
async function describeFailedStart(cluster: Cluster, error: unknown, startedAt: Date): Promise<Error> {
  const written = await readFatalLine(cluster, startedAt)
  if (written !== null) return new Error(`Its own words are in ${written.file}: ${written.line}`)
  const { stderr = '' } = error as { stderr?: string }
  return Object.assign(new Error(programFaultOf(error) ?? (error as Error).message), { stderr })
}

/** Finds the last fatal line. The server writes to the start log until its own log begins. */
async function readFatalLine(cluster: Cluster, since: Date): Promise<{ file: string; line: string } | null> {
  const logDirectory = join(cluster.directory, 'log')
  const logs = (await readdir(logDirectory).catch(() => [])).map((name) => join(logDirectory, name))
  for (const file of [startLogOf(cluster), ...logs]) {
    const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
    const fatal = lines.findLast((line) => isOfStart(line, since) && /\b(FATAL|PANIC):|^postgres:/.test(line))
    if (fatal !== undefined) return { file, line: fatal }
  }
  return null
}

/** A log line begins with its time in UTC. Lines without a time, in the start log, belong to this start. */
function isOfStart(line: string, since: Date): boolean {
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) UTC/.exec(line) ?? []
  return day === undefined || `${day}T${time}Z` >= since.toISOString()
}

/** Finds the server that runs on the cluster. Returns null without one, even if a killed one left its pid file. */
export async function findServer(directory: string): Promise<Server | null> {
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
 * Repairs files of a killed server that would keep PostgreSQL from starting. It takes any process with the recorded id
 * for a server, and an empty file for a server that is starting. The recorded id becomes our own, which PostgreSQL
 * recognises as its parent. The rest of the file stays: it shows whether child processes of the killed server survive.
 */
export async function disownLeftovers({ directory, address }: Cluster): Promise<void> {
  const text = await readPidFile(directory)
  if (text === null || (await findServer(directory)) !== null) return
  const [, ...rest] = text.split('\n')
  if (text === '') await rm(pidFileOf(directory))
  else await writeFile(pidFileOf(directory), [process.pid, ...rest].join('\n'))
  const { socketDirectory, port } = address
  if (socketDirectory !== null) await rm(join(socketDirectory, `.s.PGSQL.${port}.lock`), { force: true })
}

const STATES: Readonly<Record<string, Server['state']>> = { ready: 'ready', stopping: 'stopping' }

/** The working directory of a server is its cluster. Only Linux lets us read it; elsewhere the process id decides. */
function isServerOf(pid: number, directory: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory)
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
