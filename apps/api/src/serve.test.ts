import { createServer, type AddressInfo } from 'node:net'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { ConfigurationError } from './configuration/config.ts'
import { serve } from './serve.ts'
import { createDatabaseOf15, migrationNames } from './test-support/migrations.ts'
import { work } from './work.ts'
import { useFixture } from './test-support/use-fixture.ts'

const fixture = useFixture()

beforeEach(() => fixture.clear())

async function configure(environment: Record<string, string> = {}) {
  return fixture.configure({ LOG_LEVEL: 'silent', ...environment })
}

function onFatal(error: unknown): void {
  throw error
}

/** Counts the product's connections, without those of the test and of the server itself. */
async function connections(): Promise<number> {
  const rows = await fixture.database.query(
    `SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND application_name <> 'test' AND backend_type = 'client backend'`,
  )
  return rows.length
}

it('refuses a taken port in one sentence, and leaves nothing behind', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo

  const refusal = await serve(await configure({ PORT: String(port) }), onFatal).catch((error: unknown) => error)
  await new Promise((resolve) => taken.close(resolve))

  expect(refusal).toBeInstanceOf(ConfigurationError)
  expect((refusal as Error).message).toBe(
    `Port ${port} is taken by another program, or by another Inforiver Mail. Stop that, or set PORT to a free one.`,
  )
  await expect.poll(connections).toBe(0)
})

it.each(['203.0.113.77', 'no-such-host.invalid'])('refuses HOST %s in one sentence', async (host) => {
  await expect(serve(await configure({ HOST: host }), onFatal)).rejects.toThrow(
    new ConfigurationError(`HOST is ${host}, which is not an address of this machine.`),
  )
})

it('refuses to start on the database of another app registration, and leaves nothing behind', async () => {
  await expect(
    serve(await configure({ AZURE_CLIENT_ID: '99999999-7777-4888-9999-aaaaaaaaaaaa' }), onFatal),
  ).rejects.toThrow(/^This database belongs to another app registration/)
  await expect.poll(connections).toBe(0)
})

it.each([
  ['reads which migrations are applied', '_prisma_migrations'],
  ['reads what the database belongs to', 'installation'],
  ['checks the vault keys', 'key_sealed'],
  ['stores the seeded service key', 'service_keys'],
])('continues a start that loses the database while it %s', async (_step, text) => {
  const link = await fixture.database.link()
  link.loseAnswerTo(text)
  const config = await configure({ DATABASE_URL: link.url })

  const running = await serve(config, onFatal)

  const readiness = await fetch(`http://localhost:${config.port}/readyz`)
  expect(readiness.status).toBe(200)
  await running.close()
})

it('logs which migrations it applies to the database of version 1.5, and then serves', async () => {
  const older = await createDatabaseOf15()
  onTestFinished(() => older.drop())

  const product = await fixture.startProduct({
    environment: { DATABASE_URL: older.url, ROLE: 'api', LOG_LEVEL: 'info' },
  })
  const ready = await fetch(`${product.url}/readyz`)
  await product.close()

  expect(ready.status).toBe(200)
  const logged = product.logLines.filter((line) => line.includes('applying the migration'))
  expect(logged.map((line) => line.match(/\d+_\w+/)?.[0])).toEqual(await migrationNames())
})

it('raises an alert after the start if the client secret has expired', async () => {
  const running = await serve(await configure({ AZURE_CLIENT_SECRET_EXPIRES: '2020-05-01' }), onFatal)

  await expect
    .poll(() => fixture.database.query("SELECT facts FROM alert_events WHERE type = 'secret.expiring'"))
    .toEqual([{ facts: { kind: 'secret', expiresAt: '2020-05-01T00:00:00.000Z', daysLeft: 0 } }])
  await running.close()
})

it('delivers as a worker although the port is taken, and leaves nothing behind', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo

  const running = await work(await configure({ ROLE: 'worker', PORT: String(port) }), onFatal)
  await running.close()
  await new Promise((resolve) => taken.close(resolve))

  await expect.poll(connections).toBe(0)
})
