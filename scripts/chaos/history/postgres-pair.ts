import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  choosePostgresAccount,
  findBinaries,
  handOver,
  runProgram,
  type PostgresAccount,
} from '../../../apps/api/src/database/embedded/postgres-programs.ts'
import { findInstalledBinaries } from '../../../apps/api/src/test-support/database-server.ts'
import { createTcpLink } from '../../../apps/api/src/test-support/tcp-link.ts'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'

const run = promisify(execFile)

const ROLE = 'chaos'
const DATABASE = 'inforiver_mail'
const STANDBY = 'standby'
const READY_WITHIN_MS = 60_000
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

interface Server {
  readonly directory: string
  readonly port: number
  readonly process: ChildProcess
}

/** Starts a PostgreSQL and its synchronous standby: the setup that loses nothing in a failover. */
export async function startPostgresPair() {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-history-'))
  await chmod(directory, 0o755) // PostgreSQL may run under another account
  // The machine's own is older, as that of a customer may be.
  const binaries = (await findInstalledBinaries()) ?? (await findBinaries())
  const account = await choosePostgresAccount(join(directory, 'none'), binaries.postgres)
  await handOver(directory, account)
  const [first, second] = [join(directory, 'first'), join(directory, 'second')]
  const cluster = [`--pgdata=${first}`, `--username=${ROLE}`, '--auth=trust', '--encoding=UTF8', '--locale=C']
  await runProgram({ binaries, account }, 'initdb', cluster, { timeoutMs: READY_WITHIN_MS })
  const start = (folder: string, port: number) => startServer(binaries.postgres, account, folder, port)
  let primary = await start(first, await freePort())
  await query(primary.port, `CREATE DATABASE ${DATABASE}`, 'postgres')
  let standby = await makeStandby(primary, second, account, start)
  const link = await createTcpLink(primary.port)

  return {
    port: () => primary.port,
    /** Leads to the primary, through a link that no fault touches. */
    connectionString: urlOf(link.port),
    /** Kills the primary and restarts it in place. */
    async crash(): Promise<void> {
      await kill(primary)
      await rm(join(primary.directory, 'postmaster.pid'), { force: true })
      primary = await start(primary.directory, primary.port)
    },
    /** Kills the primary and promotes the standby; resolves when a new standby follows it. */
    async failOver(onPromoted: (port: number) => void): Promise<void> {
      const old = primary
      await kill(old)
      primary = standby
      await query(primary.port, 'SELECT pg_promote()')
      link.leadTo(primary.port)
      onPromoted(primary.port)
      standby = await makeStandby(primary, old.directory, account, start)
    },
    async stop(): Promise<void> {
      await stopCleanly(standby)
      await stopCleanly(primary)
      await link.close()
      await rm(directory, { recursive: true, force: true })
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
  server.kill('SIGSTOP') // first, so that it starts no further process meanwhile
  const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
  for (const child of children.split(' ').filter((pid) => pid !== '')) {
    try {
      process.kill(Number(child), 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended by itself
    }
  }
  server.kill('SIGKILL')
  await exited
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
