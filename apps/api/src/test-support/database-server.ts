import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../database/migrations/migrate.ts'
import { findBinaries, type Binaries } from '../database/embedded/postgres-programs.ts'
import type { ServerPlan } from './run-test-server.ts'

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
const RUN_SERVER = fileURLToPath(new URL('run-test-server.ts', import.meta.url))

/** Sorts texts as people do, like most databases of customers, and by no locale that a machine may lack. */
const SORTED_BY_ICU = ['--locale-provider=icu', '--icu-locale=en']

interface TestServer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts the bundled PostgreSQL. */
export async function startEmbeddedServer(): Promise<TestServer> {
  return startServer(await findBinaries(), ['--no-data-checksums'])
}

/** Starts the PostgreSQL that is installed on the machine, as a customer would bring it; null if none is. */
export async function startInstalledServer(): Promise<TestServer | null> {
  const binaries = await findInstalledBinaries()
  if (binaries === null) return null
  return startServer(binaries, SORTED_BY_ICU).catch(() => startServer(binaries, [])) // it may have been built without ICU
}

async function startServer(binaries: Binaries, initdb: ServerPlan['initdb']): Promise<TestServer> {
  const plan: ServerPlan = {
    binaries,
    initdb,
    host: LOOPBACK,
    port: await freePort(),
    maxConnections: MAX_CONNECTIONS,
  }
  const server = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', RUN_SERVER, JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: process.platform !== 'win32', // there it would open a window
  })
  const exited = once(server, 'exit')
  const url = await Promise.race([
    once(createInterface(server.stdout), 'line').then(([line]) => line as string),
    exited.then(() => null),
  ])
  if (url === null) throw new Error('The PostgreSQL of the tests did not start. What it wrote is above.')
  return {
    url,
    async stop() {
      server.stdin.end()
      const [status] = await exited
      if (status !== 0) throw new Error('The PostgreSQL of the tests did not stop. What it wrote is above.')
    },
  }
}

/** Finds PostgreSQL's programs by PATH, following Debian's links. */
export async function findInstalledBinaries(): Promise<Binaries | null> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = await realpath(join(directory, 'pg_ctl')).catch(() => null)
    if (program === null) continue
    const [initdb, pg_ctl, postgres] = ['initdb', 'pg_ctl', 'postgres'].map((name) => join(dirname(program), name))
    return { initdb, pg_ctl, postgres } as Binaries
  }
  return null
}

/** Creates the template database, and provides the address of the server to the tests. */
export async function provideServer(
  { provide }: Pick<TestProject, 'provide'>,
  server: TestServer,
): Promise<() => Promise<void>> {
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

export async function onServer(url: string, statement: string): Promise<void> {
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
