import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { compose } from '../compose.ts'
import type { WrapFetch } from '../compose-microsoft.ts'
import { readConfig, type Config } from '../configuration/config.ts'
import { allowGarbage } from '../memory/content-garbage.ts'
import type { DeliverySizes } from '../delivery/attempt.ts'
import { createLogger } from '../runtime/logger.ts'
import type { DnsResolver } from '../setup-check/sender-domain-check.ts'
import type { JudgingWaits } from '../queue/doubt/abandoned.ts'
import type { WaitForGrant } from '../settings/consent-page.ts'
import { createChance } from './chance.ts'
import { freePort } from './database-server.ts'
import { createTestBrowser, type TestBrowser } from './test-browser.ts'
import type { TestClock } from './test-clock.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'
import { NO_JUDGING_WAITS } from './test-queue.ts'
import { forget } from './use-created.ts'

/** The registration of the product at the simulated Microsoft. */
export const TEST_REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  clientSecret: 'the-secret-of-the-test-registration',
}

// A major collection goes over what all tests of a process have in memory, and takes 120 ms.
allowGarbage(200 * 1024 * 1024)

const DEADLOCK = '40P01'

/** A PUBLIC_URL behind a reverse proxy that terminates TLS. A test browser reaches it all the same. */
export const HTTPS_PUBLIC_URL = 'https://mail.contoso.com'

export interface TestMicrosoft extends Simulator {
  /** The simulator's control API. */
  control(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
}

export interface TestProduct {
  readonly publicUrl: string
  readonly config: Config
  /** The lines of the log. */
  readonly logLines: readonly string[]
  /** The address that it listens on, whatever PUBLIC_URL is. */
  readonly url: string
  newBrowser(): TestBrowser
  close(): Promise<void>
}

export interface TestFixture {
  readonly microsoft: TestMicrosoft
  readonly database: TestDatabase
  /** Reads the configuration that `startProduct` would use. */
  configure(environment?: Record<string, string>): Promise<Config>
  /** Starts a product. Any number of them share the database. */
  startProduct(options?: {
    environment?: Record<string, string>
    clock?: () => Date
    deliveryGraceMs?: number
    deliveryLookEveryMs?: number
    /** By default, the lease of another that has expired is taken over at once. */
    judgingWaits?: JudgingWaits
    deliverySizes?: DeliverySizes
    resolver?: DnsResolver
    waitForGrant?: WaitForGrant
    wrapFetch?: WrapFetch
  }): Promise<TestProduct>
  /**
   * Resets the database and Microsoft: nobody has signed in, and nothing is configured. Data keys stay while a product is
   * running, since it has them in memory.
   */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Creates a simulated Microsoft and a database, on which products can be started. */
export async function createTestFixture(
  options: {
    clock?: TestClock
    /** These certificates are registered besides the secret (PEM). */
    certificates?: readonly string[]
  } = {},
): Promise<TestFixture> {
  const vaultKeys = `test:${randomBytes(32).toString('base64')}`
  const database = await createTestDatabase()
  await options.clock?.govern(database)
  const microsoft = await startMicrosoft(options)
  const running = new Set<TestProduct>()
  const started: TestProduct[] = []
  const configure = async (environment: Record<string, string> = {}) =>
    readConfig(
      {
        SMTP: 'Office365',
        AZURE_TENANT_ID: TEST_REGISTRATION.tenantId,
        AZURE_CLIENT_ID: TEST_REGISTRATION.clientId,
        AZURE_CLIENT_SECRET: TEST_REGISTRATION.clientSecret,
        AZURE_AUTHORITY_HOST: microsoft.authorityHost,
        GRAPH_BASE_URL: microsoft.graphBaseUrl,
        DATABASE_URL: database.url,
        VAULT_KEYS: vaultKeys,
        LOG_LEVEL: 'trace',
        PORT: String(await freePort()),
        ...environment,
      },
      join(tmpdir(), 'no-such-folder'),
    )
  const fixture: TestFixture = {
    microsoft,
    database,
    configure,
    async startProduct({ environment, clock, ...times } = {}) {
      const config = await configure(environment)
      const product = await startProduct({ config, clock: clock ?? options.clock?.now, ...times })
      running.add(product)
      const closable = {
        ...product,
        async close() {
          await product.close()
          running.delete(product)
        },
      }
      started.push(closable)
      return closable
    },
    async clear() {
      await microsoft.control('POST', '/reset')
      const tables = await database.query<{ name: string }>(
        `SELECT quote_ident(tablename) AS name FROM pg_tables
          WHERE schemaname = 'public' AND tablename NOT IN ('_prisma_migrations', 'installation', 'tenants')
            AND (tablename <> 'data_keys' OR $1)`,
        [running.size === 0],
      )
      // Disables triggers, because the audit log refuses to be emptied.
      const empty = () =>
        database.query(
          `SET LOCAL session_replication_role = replica; ${tables.map(({ name }) => `DELETE FROM ${name}`).join('; ')}`,
        )
      // A worker may hold one row and wait for another, so that PostgreSQL resolves a deadlock.
      await empty().catch(async (error: { code?: string }) => {
        if (error.code !== DEADLOCK) throw error
        await empty()
      })
    },
    async close() {
      for (const product of running) await product.close()
      await microsoft.close()
      await database.drop()
      running.clear()
      forget(fixture, microsoft, database, ...started.splice(0))
    },
  }
  return fixture
}

/** Starts a simulated Microsoft with the registration of the product. */
export async function startMicrosoft({
  clock,
  certificates = [],
}: {
  clock?: Pick<TestClock, 'now'>
  certificates?: readonly string[]
}): Promise<TestMicrosoft> {
  const simulator = await startSimulator({
    port: 0,
    registration: {
      ...TEST_REGISTRATION,
      certificates,
      displayName: 'Inforiver Mail',
      redirectUris: [
        'http://localhost/auth/microsoft/callback', // the port does not count on localhost
        `${HTTPS_PUBLIC_URL}/auth/microsoft/callback`,
      ],
    },
    ...(clock && { clock: clock.now }),
  })
  return {
    ...simulator,
    async control(method, path, body) {
      const response = await fetch(`${simulator.url}/control${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      if (!response.ok) throw new Error(`The simulator answered ${response.status}: ${await response.text()}`)
      const text = await response.text()
      return text === '' ? null : JSON.parse(text)
    },
  }
}

/** Seeds the jitter of each product, so that a run of a test file repeats. */
let startedProducts = 0

/** The monotonic clock of a product under test follows its other clock. */
function elapsedBy(clock: () => Date): () => number {
  return () => clock().getTime()
}

async function startProduct(options: {
  config: Config
  clock: (() => Date) | undefined
  deliveryGraceMs?: number
  deliveryLookEveryMs?: number
  judgingWaits?: JudgingWaits
  deliverySizes?: DeliverySizes
  resolver?: DnsResolver
  waitForGrant?: WaitForGrant
  wrapFetch?: WrapFetch
}): Promise<TestProduct> {
  const { config, clock, ...times } = options
  const logLines: string[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logLines.push(chunk.toString('utf8'))
      done()
    },
  })
  const random = createChance((startedProducts += 1))
  const product = await compose(config, createLogger(config.logLevel, sink), {
    onFatal(error) {
      throw error
    },
    judgingWaits: NO_JUDGING_WAITS,
    chance: () => 0.1 + 0.9 * random(), // never a wait of nothing, which would be over before a test could see it
    ...(clock && { clock, elapsedMs: elapsedBy(clock) }),
    ...times,
  })
  const app = await product.buildApp()
  await app.listen({ host: config.host, port: config.port })
  await product.smtpDoor?.listen()
  if (config.role !== 'api') product.worker.start()
  const url = `http://localhost:${config.port}`
  let closed = false
  return {
    publicUrl: config.publicUrl,
    url,
    config,
    logLines,
    newBrowser: () => createTestBrowser(config.publicUrl, url),
    async close() {
      if (closed) return
      closed = true
      await Promise.all([app.close(), product.smtpDoor?.close()])
      await product.worker.stop()
      await product.close()
    },
  }
}
