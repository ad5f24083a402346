import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, createTestPool, type TestDatabase } from '../test-support/test-database.ts'

// Transactions that count for a mailbox at the same moment. The later one finds a version of the row that the earlier one is
// replacing, and it depends on the minor release of PostgreSQL whether its update changes the version that comes of it.

const ADD = 'SELECT add_to_mailbox_totals(tenant, queued => 1, stored_bytes => 10) FROM unnest($1::text[]) AS tenant'
const WAITING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
const ROUNDS = 10

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase()
  pool = createTestPool(database.url)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const add = (client: pg.ClientBase | pg.Pool, ...tenants: string[]) => client.query(ADD, [tenants])

async function queued(tenant: string): Promise<{ queued: number; storedBytes: number } | undefined> {
  const [row] = await database.query<{ queued: number; storedBytes: number }>(
    'SELECT queued, stored_bytes::int AS "storedBytes" FROM mailbox_totals WHERE tenant_id = $1',
    [tenant],
  )
  return row
}

/** Counts on two connections that take turns: the second waits until the first ends as told, having counted some times. */
async function cross(tenantOf: (round: number) => string, times: number, end: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  const clients = [await pool.connect(), await pool.connect()] as const
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const [first, second] = round % 2 === 0 ? clients : [clients[1], clients[0]]
      await first.query('BEGIN')
      for (let time = 0; time < times; time++) await add(first, tenantOf(round))
      const waiting = add(second, tenantOf(round))
      await expect.poll(() => database.query(WAITING)).toHaveLength(1)
      await first.query(end)
      await waiting
    }
  } finally {
    for (const client of clients) client.release()
  }
}

it.each([
  { times: 1, end: 'COMMIT', counted: 2 },
  { times: 3, end: 'COMMIT', counted: 4 },
  { times: 2, end: 'ROLLBACK', counted: 1 },
] as const)(
  'counts once what waited for a transaction that counted $times times before its $end',
  async ({ times, end, counted }) => {
    const tenant = `ten_${times}_${end}`
    await add(pool, tenant)
    await cross(() => tenant, times, end)

    expect(await queued(tenant)).toEqual({ queued: 1 + ROUNDS * counted, storedBytes: 10 * (1 + ROUNDS * counted) })
  },
)

it.each([
  { end: 'COMMIT', counted: 2 },
  { end: 'ROLLBACK', counted: 1 },
] as const)('counts once in a mailbox whose first count another transaction ends by $end', async ({ end, counted }) => {
  await cross((round) => `ten_new_${end}_${round}`, 1, end)

  for (let round = 0; round < ROUNDS; round++)
    expect(await queued(`ten_new_${end}_${round}`)).toEqual({ queued: counted, storedBytes: 10 * counted })
})

it('counts what eight connections count at once, from mailboxes without totals on', async () => {
  const tenants = ['ten_busy_1', 'ten_busy_2']
  const count = async () => {
    for (let time = 0; time < 50; time++) await add(pool, ...tenants)
  }
  await Promise.all(Array.from({ length: 8 }, count))

  for (const tenant of tenants) expect(await queued(tenant)).toEqual({ queued: 400, storedBytes: 4_000 })
})

it('locks the version of the totals that another transaction made of them meanwhile', async () => {
  const tenants = ['ten_locked_1', 'ten_locked_2']
  await add(pool, ...tenants)
  const [first, second] = [await pool.connect(), await pool.connect()]
  try {
    await first.query('BEGIN')
    await add(first, 'ten_locked_1')
    await second.query('BEGIN')
    const locking = second.query<{ locked: number }>('SELECT lock_mailbox_totals($1) AS locked', [
      [...tenants, 'ten_without'],
    ])
    await expect.poll(() => database.query(WAITING)).toHaveLength(1)
    await first.query('COMMIT')

    expect((await locking).rows).toEqual([{ locked: 2 }])
    const free = `SELECT 1 FROM mailbox_totals WHERE tenant_id = ANY ($1) FOR UPDATE SKIP LOCKED`
    expect(await database.query(free, [tenants])).toEqual([])
    await second.query('ROLLBACK')
    expect(await database.query(free, [tenants])).toHaveLength(2)
  } finally {
    first.release()
    second.release()
  }
})
