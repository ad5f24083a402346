import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { setUpSession } from '../database/database.ts'
import { ADA, BEN, createQueueGround, SENT, VERSION, type QueueGround } from '../test-support/queue-ground.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import type { Queue } from './queue.ts'

// While a transaction holds an old snapshot, PostgreSQL keeps every version of a row. The totals of a mailbox have thousands
// of them after a while, and each statement that reads or changes the totals has to find the valid one among them.

const OTHER_MAILBOXES = 20
/** How often the totals of each mailbox are replaced under the snapshot. */
const VERSIONS = 1_000
/** For each mail, of the table and its index. One walk over all versions of a mailbox would take more. */
const FEW_PAGES = 60
const MAILS = 30

let ground: QueueGround
let pool: pg.Pool
let queue: Queue
let holder: pg.Client

beforeAll(async () => {
  ground = await createQueueGround()
  pool = createTestPool(ground.database.url, 1, setUpSession)
  queue = createTestQueue(pool)
  await ground.database.query(
    `INSERT INTO mailbox_totals (tenant_id) SELECT unnest($1::text[]) UNION ALL SELECT 'ten_' || n FROM generate_series(1, $2::int) AS n`,
    [[ADA, BEN], OTHER_MAILBOXES],
  )
  await ground.database.query('ALTER TABLE mailbox_totals SET (autovacuum_enabled = false)')
  holder = new pg.Client({ connectionString: ground.database.url })
  await holder.connect()
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await holder.query('SELECT FROM tenants LIMIT 1')
  await ground.database.query(
    `DO $$ BEGIN
       FOR version IN 1..${VERSIONS} LOOP
         PERFORM add_to_mailbox_totals(tenant_id, unindexed => 1) FROM mailbox_totals;
       END LOOP;
     END $$`,
  )
})
afterAll(async () => {
  await holder.end()
  await pool.end()
  await ground.close()
})

/** How many pages of the totals and of their index the work touches on the one connection of the pool. */
async function pagesTouched(work: () => Promise<unknown>): Promise<number> {
  await pool.query('SELECT pg_stat_force_next_flush()')
  const before = await count()
  await work()
  await pool.query('SELECT pg_stat_force_next_flush()')
  return (await count()) - before
}

async function count(): Promise<number> {
  const { rows } = await pool.query<{ pages: number }>(
    `SELECT (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::int AS pages
       FROM pg_statio_user_tables WHERE relname = 'mailbox_totals'`,
  )
  return rows[0]?.pages ?? 0
}

it.each<[string, () => Promise<unknown>]>([
  ['submitting', () => ground.submit({}, queue)],
  ['a claim', () => queue.deliveries.claim('worker', 1)],
  [
    'sending',
    async () => {
      const [message] = await queue.deliveries.claim('worker', 1)
      if (!message) throw new Error('Nothing was due.')
      await queue.deliveries.clear(message, VERSION, true)
      await ground.settle(message, SENT, queue)
    },
  ],
])('touches few pages for %s', async (what, work) => {
  if (what !== 'submitting') for (let mail = 0; mail < MAILS; mail++) await ground.submit({}, ground.queue)
  const pages = await pagesTouched(async () => {
    for (let mail = 0; mail < MAILS; mail++) await work()
  })
  expect(pages / MAILS).toBeLessThan(FEW_PAGES)
})

// They come once a page of the index is full, and a walk backwards returns the entries of one oldest first.
it('allows no posting lists in the index of the totals', async () => {
  expect(await ground.database.query(`SELECT reloptions FROM pg_class WHERE relname = 'mailbox_totals_pkey'`)).toEqual([
    { reloptions: ['deduplicate_items=off'] },
  ])
})
