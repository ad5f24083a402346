import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { createLogger } from '../runtime/logger.ts'
import { createTestDatabase, useOpenDatabase } from '../test-support/test-database.ts'
import { connectDatabase, openDatabase } from './database.ts'
import { migrate } from './migrations/migrate.ts'
import { inTransaction } from './transaction.ts'

const { test, database } = useOpenDatabase()

function logged(error: unknown): string {
  const lines: string[] = []
  createLogger('trace', { write: (line: string) => lines.push(line) }).error({ err: error }, 'failed')
  return lines.join('')
}

it.each([
  ['is not a valid call', { id: 'ten_1', createdAt: 'a-secret' as unknown as Date }, /createdAt.*Expected ISO-8601/],
  ['the database refuses', { id: 'a-secret\u0000', createdAt: new Date() }, /invalid byte sequence/],
])('logs why a call failed that %s, without its values', async (_name, data, reason) => {
  const error = await database.prisma.tenant.create({ data }).catch((thrown: unknown) => thrown)

  const line = logged(error)
  expect(line).toMatch(reason)
  expect(line).not.toContain('a-secret')
})

it('refuses an undefined filter, which would match every row', async () => {
  const id = undefined as unknown as string

  await expect(database.prisma.tenant.deleteMany({ where: { id } })).rejects.toThrow(/undefined/)
})

it('lets PostgreSQL cancel long statements, waits for locks, and idle transactions that hold some', async () => {
  const setting = async (name: string) => (await database.pool.query(`SHOW ${name}`)).rows[0][name]

  expect(await setting('statement_timeout')).toBe('30s')
  expect(await setting('lock_timeout')).toBe('4500ms')
  expect(await setting('idle_in_transaction_session_timeout')).toBe('4s')
})

/** PgBouncer takes these of a client, and refuses it for any other unless it is told to ignore that. */
const TAKEN_BY_POOLERS = new Set(['user', 'database', 'client_encoding', 'application_name'])

it.each<[string, (url: string) => Promise<unknown>]>([
  ['the pool', (url) => connectDatabase(url, () => {}).pool.connect()],
  ['the probe of /readyz', (url) => connectDatabase(url, () => {}).connect()],
  ['the migrations', (url) => migrate(url)],
])('begins the connections of %s with nothing that a pooler refuses', async (_whose, connect) => {
  const asked = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => {
    socket.once('data', (startup) => {
      asked.resolve(startup)
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await expect(connect(`postgresql://inforiver_mail@127.0.0.1:${port}/mail`)).rejects.toThrow(
    /terminated|reset|ECONNRESET|reached/i,
  )
  server.close()

  const words = (await asked.promise).subarray(8).toString('latin1').split('\0') // after length and version
  const names = words.filter((word, index) => index % 2 === 0 && word !== '')
  expect(names).toContain('user')
  expect(names.filter((name) => !TAKEN_BY_POOLERS.has(name))).toEqual([])
})

it('sees what others have committed before each statement, and waits for locks, whatever the database prefers', async () => {
  const other = await createTestDatabase()
  const name = new URL(other.url).pathname.slice(1)
  await other.query(
    `ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'; ALTER DATABASE ${name} SET lock_timeout = '1ms'`,
  )
  const opened = await openDatabase(other.url, () => {})
  const count = `SELECT count(*)::int AS count FROM tenants`
  const seen = await inTransaction(opened.pool, async (client) => {
    const before = await client.query(count)
    await other.query(`INSERT INTO tenants (id, created_at) VALUES ('ten_new', now())`)
    return [before.rows, (await client.query(count)).rows]
  })
  const unlock = await other.lockRow('tenants', 'ten_new')
  const waiting = opened.pool
    .query(`UPDATE tenants SET created_at = now() WHERE id = 'ten_new'`)
    .catch((error: unknown) => error)
  await expect.poll(() => other.query('SELECT FROM pg_locks WHERE NOT granted')).toHaveLength(1)
  await unlock()

  expect(seen).toEqual([[{ count: 0 }], [{ count: 1 }]])
  expect(await waiting).toMatchObject({ rowCount: 1 })
  await opened.close()
  await other.drop()
})

it('makes one plan of a prepared statement, on each connection and whatever its values are', async () => {
  const url = new URL(test.url)
  url.searchParams.set('options', '-c plan_cache_mode=auto') // the role of the tests makes one plan anyway
  const opened = await openDatabase(url.href, () => {})
  const client = await opened.pool.connect()
  for (let run = 0; run < 10; run++)
    await client.query({ name: 'count', text: 'SELECT count(*) FROM unnest($1::text[])', values: [['one']] })

  expect(
    (await client.query('SELECT name, generic_plans::int, custom_plans::int FROM pg_prepared_statements')).rows,
  ).toEqual([{ name: 'count', generic_plans: 10, custom_plans: 0 }])
  client.release()
  await opened.close()
})
