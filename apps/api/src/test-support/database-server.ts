import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../database/migrate.ts'
import { choosePostgresAccount, handOver } from '../database/postgres-account.ts'
import { findBinaries, type Binaries } from '../database/postgres-programs.ts'

const run = promisify(execFile)

/** The database that every test file clones. */
export const TEMPLATE = 'inforiver_mail_template'
/** Owns the databases of products under test, and has no other rights. */
export const PRODUCT_ROLE = 'inforiver_mail'

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's connection to the server's own database. */
    readonly postgresUrl: string
  }
}

/** Every product under test has a pool of its own. */
const MAX_CONNECTIONS = 300
export const LOOPBACK = '127.0.0.1'
/** The path of a socket has at most 103 characters on macOS, and 107 on Linux. */
const MAX_SOCKET_DIRECTORY_LENGTH = 103 - '/.s.PGSQL.65535'.length

interface TestServer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts the bundled PostgreSQL. */
export async function startEmbeddedServer(): Promise<TestServer> {
  return startServer(await findBinaries(), ['--encoding=UTF8', '--locale=C', '--no-data-checksums'])
}

/** Starts the PostgreSQL that is installed on the machine, as a customer would bring it; null if none is. */
export async function startInstalledServer(): Promise<TestServer | null> {
  const directory = await findInstalledBinaries()
  if (directory === null) return null
  const [initdb, pg_ctl, postgres] = ['initdb', 'pg_ctl', 'postgres'].map((program) => join(directory, program))
  return startServer({ initdb, pg_ctl, postgres } as Binaries, [])
}

async function startServer(binaries: Binaries, initdbParameters: readonly string[]): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-postgres-'))
  const account = await choosePostgresAccount(join(directory, 'none'), binaries.postgres)
  await chmod(directory, 0o755)
  await handOver(directory, account)
  const data = join(directory, 'data')
  const port = await freePort()
  const call = async (program: keyof Binaries, ...parameters: string[]) => {
    const [first = '', ...rest] = [...account.prefix, binaries[program], ...parameters]
    await run(first, rest, { cwd: '/', ...account.ids })
  }
  await call('initdb', `--pgdata=${data}`, '--username=tester', '--auth=trust', '--no-sync', ...initdbParameters)
  // A statement through a socket takes half of what TCP takes. Links in between need TCP, on the same port.
  const hasSocket = process.platform !== 'win32' && directory.length <= MAX_SOCKET_DIRECTORY_LENGTH
  const options = `-c port=${port} -c max_connections=${MAX_CONNECTIONS} -c listen_addresses=${LOOPBACK} -c unix_socket_directories='${hasSocket ? directory : ''}'`
  await call(
    'pg_ctl',
    'start',
    '--wait',
    '--silent',
    `--pgdata=${data}`,
    `--log=${join(data, 'log')}`,
    `--options=${options}`,
  )
  return {
    url: `postgresql://tester@${hasSocket ? encodeURIComponent(directory) : LOOPBACK}:${port}/postgres`,
    async stop() {
      await call('pg_ctl', 'stop', '--mode=fast', '--wait', '--silent', `--pgdata=${data}`)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Finds the folder of PostgreSQL's programs by PATH, following Debian's links. */
async function findInstalledBinaries(): Promise<string | null> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = await realpath(join(directory, 'pg_ctl')).catch(() => null)
    if (program !== null) return dirname(program)
  }
  return null
}

/** Creates the template database, and provides the address of the server to the tests. */
export async function provideServer({ provide }: TestProject, server: TestServer): Promise<() => Promise<void>> {
  // No test here cuts the power. Each new database makes a checkpoint, after which every page would be logged as a whole.
  for (const setting of ['fsync', 'full_page_writes']) await onServer(server.url, `ALTER SYSTEM SET ${setting} = off`)
  await onServer(server.url, 'SELECT pg_reload_conf()')
  await onServer(server.url, `CREATE ROLE ${PRODUCT_ROLE} LOGIN`)
  // Each connection would plan a prepared statement six times before it keeps a plan: a quarter of the server's work here.
  await onServer(server.url, `ALTER ROLE ${PRODUCT_ROLE} SET plan_cache_mode = force_generic_plan`)
  await onServer(server.url, `CREATE DATABASE ${TEMPLATE} OWNER ${PRODUCT_ROLE}`)
  await migrate(databaseUrl(server.url, TEMPLATE, PRODUCT_ROLE))
  provide('postgresUrl', server.url)
  return () => server.stop()
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export function databaseUrl(serverUrl: string, database: string, role?: string): string {
  const url = new URL(serverUrl)
  if (role !== undefined) url.username = role
  url.pathname = `/${database}`
  return url.href
}

// Ports below the ephemeral range, so that no other program is assigned one before it is used.
const FIRST_PORT = 10_240 // `fetch` blocks port 10080
const FIRST_EPHEMERAL_PORT = 32_768
/** Each worker of vitest has a range of its own, so that no other worker takes the port first. */
const POOLS = 8
const PORTS = Math.floor((FIRST_EPHEMERAL_PORT - FIRST_PORT) / POOLS)
const MY_FIRST_PORT = FIRST_PORT + PORTS * (Number(process.env['VITEST_POOL_ID'] ?? 0) % POOLS)

/** Finds a port that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer()
    const listening = once(server, 'listening')
    server.listen(randomInt(MY_FIRST_PORT, MY_FIRST_PORT + PORTS), '127.0.0.1')
    try {
      await listening
      const { port } = server.address() as AddressInfo
      await new Promise((resolve) => server.close(resolve))
      return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}
