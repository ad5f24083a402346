import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { ADA, BEN, createQueueGround, type QueueGround } from '../test-support/queue-ground.ts'
import { createFinder } from './find.ts'
import { indexMessages } from './search-index.ts'
import { createTurns } from './turns.ts'

const BLOCK = 10
const DAY_MS = 24 * 60 * 60_000

let ground: QueueGround
beforeAll(async () => (ground = await createQueueGround()))
afterAll(() => ground.close())
beforeEach(() => ground.database.empty('messages', 'search_blocks', 'search_grams', 'search_progress', 'search_late'))

const index = () => indexMessages(ground.opened.pool, BLOCK)

async function submit(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await ground.submit({ subject: `Report ${n}` })
}

async function read() {
  const [row] = await ground.database.query(
    `SELECT (SELECT coalesce(sum(messages), 0)::int FROM search_blocks) AS indexed, (SELECT unindexed FROM mailbox_totals WHERE tenant_id = $1) AS unindexed,
            (SELECT count(*)::int FROM search_late) AS late`,
    [ADA],
  )
  return row
}

async function found(search: string): Promise<number> {
  const finder = createFinder(ground.opened.pool, { tenantId: ADA, service: null }, { search })
  return (await finder.page(null, 50, new AbortController().signal)).total
}

it('is built once, however many processes build it', async () => {
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
  await submit(35)
  while ((await Promise.all([index(), index(), index()])).some(Boolean));

  expect(await read()).toEqual({ indexed: 30, unindexed: 5, late: 0 })
  expect(await found('report')).toBe(35)
})

it('goes on with what a killed process had sealed, and takes in what came late', async () => {
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
  await submit(BLOCK)
  await ground.database.query(
    `INSERT INTO search_progress SELECT tenant_id, created_at, id, '-infinity', '' FROM messages ORDER BY created_at DESC, id DESC LIMIT 1`,
  )
  await ground.database.query(
    `INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
     SELECT 'msg_' || md5('late'), tenant_id, service, "to", 'Came late', created_at - interval '1 hour' FROM messages LIMIT 1`,
  )
  expect(await read()).toEqual({ indexed: 0, unindexed: BLOCK + 1, late: 1 })
  expect(await found('came late')).toBe(1)
  await index()
  expect(await read()).toEqual({ indexed: BLOCK, unindexed: 1, late: 1 })
  await submit(BLOCK - 1)
  await index()

  expect(await read()).toEqual({ indexed: 2 * BLOCK, unindexed: 0, late: 0 })
  expect(await found('CAME late')).toBe(1)
})

it('finds every message of a block with very many different pieces of text', async () => {
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
  const words = Array.from({ length: BLOCK }, (_, nth) => createHash('sha512').update(`${nth}`).digest('hex'))
  for (const word of words) await ground.submit({ subject: word })
  await index()

  expect(await read()).toMatchObject({ indexed: BLOCK, unindexed: 0 })
  for (const word of words) expect(await found(word)).toBe(1)
})

it('forgets a block when retention has deleted its messages, and counts again what was deleted before', async () => {
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
  await submit(BLOCK + 5)
  await index()
  await ground.database.query(`DELETE FROM message_queue`)
  await ground.database.query(`UPDATE messages SET outcome = 'sent', ended_at = created_at`)
  await ground.queue.upkeep.expire(new Date(ground.clock.now().getTime() + 31 * DAY_MS))
  await submit(BLOCK - 1)
  await index()

  expect(await ground.database.query('SELECT FROM messages')).toHaveLength(BLOCK - 1)
  expect(await ground.database.query('SELECT FROM search_grams')).toEqual([])
  expect(await read()).toMatchObject({ indexed: 0, unindexed: BLOCK - 1 })
})

/** How many messages of each tenant are indexed. */
async function indexedOf(): Promise<Record<string, number>> {
  const rows = await ground.database.query<{ tenant_id: string; count: number }>(
    'SELECT tenant_id, sum(messages)::int AS count FROM search_blocks GROUP BY 1',
  )
  return Object.fromEntries(rows.map(({ tenant_id: tenantId, count }) => [tenantId, count]))
}

it.each([
  { failing: ADA, other: BEN },
  { failing: BEN, other: ADA },
])('indexes $other although $failing cannot be indexed, and $failing once it can', async ({ failing, other }) => {
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
  for (let n = 0; n < 2 * BLOCK; n++) for (const tenantId of [failing, other]) await ground.submit({ tenantId })
  await ground.database.query(
    `ALTER TABLE search_blocks ADD CONSTRAINT none_of_it CHECK (tenant_id <> '${failing}') NOT VALID`,
  )
  const repair = () => ground.database.query('ALTER TABLE search_blocks DROP CONSTRAINT IF EXISTS none_of_it')
  onTestFinished(async () => void (await repair()))
  const turns = createTurns()
  const step = () => indexMessages(ground.opened.pool, BLOCK, turns)

  await expect(step()).rejects.toThrow('none_of_it')
  expect(await indexedOf()).toEqual({ [other]: BLOCK })
  expect(await step()).toBe(true)
  expect(await indexedOf()).toEqual({ [other]: 2 * BLOCK })
  await expect(step()).rejects.toThrow('none_of_it')

  await repair()
  while (await step());
  expect(await indexedOf()).toEqual({ [failing]: 2 * BLOCK, [other]: 2 * BLOCK })
})

it('indexes each of many tenants before any of them has its second turn', async () => {
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
  const tenants = Array.from({ length: 15 }, (_, nth) => `ten_of_many_${nth}`)
  await ground.database.query('INSERT INTO tenants (id, created_at) SELECT unnest($1::text[]), now()', [tenants])
  for (const tenantId of tenants) for (let n = 0; n < 3 * BLOCK; n++) await ground.submit({ tenantId })
  const turns = createTurns()
  await indexMessages(ground.opened.pool, BLOCK, turns)
  await indexMessages(ground.opened.pool, BLOCK, turns)

  expect(Object.keys(await indexedOf()).toSorted()).toEqual(tenants.toSorted())
})
