import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { startSimulator, type Simulator } from '@inforiver-mail/m365-simulator/start'
import { compose } from '../compose.ts'
import { readConfig, type Config } from '../config.ts'
import { createLogger } from '../logger.ts'
import { freePort } from './database-server.ts'
import { createTestBrowser, type TestBrowser } from './test-browser.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

export const TEST_REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  clientSecret: 'the-secret-of-the-test-registration',
}

export interface TestMicrosoft extends Simulator {
  /** The simulator's control API. */
  control(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
}

export interface TestProduct {
  readonly publicUrl: string
  readonly config: Config
  /** Everything that was logged. */
  readonly logLines: readonly string[]
  newBrowser(): TestBrowser
  close(): Promise<void>
}

export interface TestGround {
  readonly microsoft: TestMicrosoft
  readonly database: TestDatabase
  /** Any number of processes on the one database; `clock` is theirs. */
  startProduct(options?: {
    environment?: Record<string, string>
    clock?: () => Date
    port?: number
  }): Promise<TestProduct>
  close(): Promise<void>
}

/** A simulated Microsoft and a database; products are started on them. */
export async function createTestGround(options: { clock?: () => Date } = {}): Promise<TestGround> {
  const vaultKeys = `test:${randomBytes(32).toString('base64')}`
  const database = await createTestDatabase()
  const microsoft = await startMicrosoft(options.clock)
  const products: TestProduct[] = []
  return {
    microsoft,
    database,
    async startProduct({ environment = {}, clock, port } = {}) {
      const product = await startProduct({
        clock: clock ?? options.clock,
        environment: {
          SMTP: 'Office365',
          AZURE_TENANT_ID: TEST_REGISTRATION.tenantId,
          AZURE_CLIENT_ID: TEST_REGISTRATION.clientId,
          AZURE_CLIENT_SECRET: TEST_REGISTRATION.clientSecret,
          AZURE_AUTHORITY_HOST: microsoft.authorityHost,
          GRAPH_BASE_URL: microsoft.graphBaseUrl,
          DATABASE_URL: database.url,
          VAULT_KEYS: vaultKeys,
          LOG_LEVEL: 'trace',
          PORT: String(port ?? (await freePort())),
          ...environment,
        },
      })
      products.push(product)
      return product
    },
    async close() {
      for (const product of products) await product.close()
      await microsoft.close()
      await database.drop()
    },
  }
}

async function startMicrosoft(clock: (() => Date) | undefined): Promise<TestMicrosoft> {
  const simulator = await startSimulator({
    port: 0,
    registration: {
      ...TEST_REGISTRATION,
      displayName: 'Inforiver Mail',
      redirectUris: ['http://localhost/auth/microsoft/callback'], // the port does not count on localhost
    },
    ...(clock && { clock }),
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

async function startProduct(options: {
  environment: Record<string, string>
  clock: (() => Date) | undefined
}): Promise<TestProduct> {
  const config = readConfig(options.environment, join(tmpdir(), 'no-such-folder'))
  const logLines: string[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logLines.push(chunk.toString('utf8'))
      done()
    },
  })
  const product = await compose(config, createLogger(config.logLevel, sink), {
    onFatal(error) {
      throw error
    },
    ...(options.clock && { clock: options.clock }),
  })
  const app = await product.buildApp()
  await app.listen({ host: config.host, port: config.port })
  if (config.role !== 'api') product.worker.start()
  let closed = false
  return {
    publicUrl: config.publicUrl,
    config,
    logLines,
    newBrowser: () => createTestBrowser(config.publicUrl),
    async close() {
      if (closed) return
      closed = true
      await app.close()
      await product.worker.stop()
      await product.close()
    },
  }
}
