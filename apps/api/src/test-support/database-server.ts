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
import { startEmbeddedPostgres } from '../database/embedded-postgres.ts'
import { migrate } from '../database/migrate.ts'
import { choosePostgresAccount, handOver } from '../database/postgres-account.ts'

const run = promisify(execFile)

/** Cloned for each test file. */
export const TEMPLATE = 'inforiver_mail_template'

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's connection to the server's own database. */
    readonly postgresUrl: string
  }
}

/** Each test file has products with pools of their own. */
const MAX_CONNECTIONS = 300

interface TestServer {
  readonly url: string
  stop(): Promise<void>
}

/** The PostgreSQL that comes with the product. */
export async function startEmbeddedServer(): Promise<TestServer> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'inforiver-mail-embedded-'))
  const start = () =>
    startEmbeddedPostgres({
      dataDirectory,
      onRestart() {},
      onLost(error) {
        throw error
      },
    })
  const first = await start()
  await onServer(first.connectionString, `ALTER SYSTEM SET max_connections = ${MAX_CONNECTIONS}`) // from the next start on
  await first.stop()
  const server = await start()
  return {
    url: server.connectionString,
    async stop() {
      await server.stop()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** A PostgreSQL of the machine's own, as a customer brings it; null where none is installed. */
export async function startInstalledServer(): Promise<TestServer | null> {
  const binaries = await findInstalledBinaries()
  if (binaries === null) return null
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-installed-'))
  const account = await choosePostgresAccount(join(directory, 'none'), join(binaries, 'postgres'))
  await chmod(directory, 0o755)
  await handOver(directory, account)
  const data = join(directory, 'data')
  const port = await freePort()
  const call = async (program: string, ...parameters: string[]) => {
    const [first = program, ...rest] = [...account.prefix, join(binaries, program), ...parameters]
    await run(first, rest, { cwd: '/', ...account.ids })
  }
  await call('initdb', `--pgdata=${data}`, '--username=tester', '--auth=trust', '--no-sync')
  const options = `-c port=${port} -c max_connections=${MAX_CONNECTIONS} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`
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
    url: `postgresql://tester@127.0.0.1:${port}/postgres`,
    async stop() {
      await call('pg_ctl', 'stop', '--mode=fast', '--wait', '--silent', `--pgdata=${data}`)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The folder of PostgreSQL's programs, wherever PATH or Debian keeps them. */
async function findInstalledBinaries(): Promise<string | null> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = await realpath(join(directory, 'pg_ctl')).catch(() => null)
    if (program !== null) return dirname(program)
  }
  return null
}

/** Makes the template that every test file clones, and tells the tests where the server is. */
export async function provideServer({ provide }: TestProject, server: TestServer): Promise<() => Promise<void>> {
  await onServer(server.url, 'ALTER SYSTEM SET fsync = off') // no test of these pulls the plug
  await onServer(server.url, 'SELECT pg_reload_conf()')
  await onServer(server.url, `CREATE DATABASE ${TEMPLATE}`)
  await migrate(databaseUrl(server.url, TEMPLATE))
  provide('postgresUrl', server.url)
  return () => server.stop()
}

export async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

// Below the ports that systems give to whoever asks for any: nobody else is given it before it is used.
const FIRST_PORT = 10_240 // `fetch` asks nothing of 10080
const FIRST_EPHEMERAL_PORT = 32_768
/** Each worker of vitest draws from its own: another could listen there before it does. */
const POOLS = 8
const PORTS = Math.floor((FIRST_EPHEMERAL_PORT - FIRST_PORT) / POOLS)
const MY_FIRST_PORT = FIRST_PORT + PORTS * (Number(process.env['VITEST_POOL_ID'] ?? 0) % POOLS)

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
