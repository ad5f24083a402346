import pg from 'pg'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { PRODUCT_ROLE } from '../test-support/database-server.ts'
import { useTestDatabase, createTestPool } from '../test-support/test-database.ts'
import { measureOldestTransaction, readOpenTransactions } from './open-transactions.ts'

const METRIC = 'inforiver_mail_database_oldest_transaction_seconds'

const database = useTestDatabase()

/** Opens a transaction that stays open until the test ends; by default one that keeps its snapshot. */
async function leaveOpen(
  application: string,
  { connectionString = database.url, isolation = 'repeatable read' } = {},
): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: application })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`BEGIN ISOLATION LEVEL ${isolation}; SELECT 'a-secret'`)
}

async function scrape(from = database.pool): Promise<string[]> {
  const registry = new Registry()
  measureOldestTransaction(registry, from)
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith(METRIC))
}

it('names the session of a transaction that stays open, and not what it asked', async () => {
  const link = await database.link()
  await leaveOpen('psql', { connectionString: link.url })
  await leaveOpen('pg_dump')

  const found = await readOpenTransactions(database.pool, 0)

  const common = { pid: expect.any(Number), user: PRODUCT_ROLE, ageSeconds: expect.any(Number) }
  expect(found.old).toEqual([
    { ...common, application: 'psql', address: '127.0.0.1' },
    { ...common, application: 'pg_dump', address: null },
  ])
  expect(JSON.stringify(found)).not.toContain('a-secret')
})

it('leaves out transactions that have not been open for long, and sessions without one', async () => {
  await database.pool.query('SELECT 1')
  await leaveOpen('psql')

  expect((await readOpenTransactions(database.pool, 600)).old).toEqual([])
})

it('leaves out the transaction of a backup', async () => {
  await leaveOpen('inforiver-mail backup')

  expect((await readOpenTransactions(database.pool, 0)).old).toEqual([])
  expect(await scrape()).toEqual([`${METRIC} 0`])
})

it('measures the oldest, and nothing while the database does not answer', async () => {
  expect(await scrape()).toEqual([`${METRIC} 0`])
  await leaveOpen('psql')
  const [sample = ''] = await scrape()
  expect(Number(sample.split(' ')[1])).toBeGreaterThan(0)

  const link = await database.link()
  const linked = createTestPool(link.url)
  onTestFinished(() => linked.end())
  await link.close()
  expect(await scrape(linked)).toEqual([])
})
