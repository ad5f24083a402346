import pg from 'pg'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { ADA, useQueueFixture } from '../../test-support/queue-fixture.ts'
import { createFinder } from './find.ts'
import { createIndexing } from './search-index.ts'

const DAY_MS = 24 * 60 * 60_000
const NEVER = new AbortController().signal

const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.empty('messages', 'message_texts')
  await fixture.database.query('DROP EXTENSION IF EXISTS pg_trgm CASCADE')
})

/** Works in the background until there is nothing more to do. Returns what was refused. */
function startIndexing(connectionString = fixture.database.url) {
  let nowMs = 0
  const index = createIndexing(fixture.opened.pool, connectionString, () => nowMs)
  return {
    async run(stopping = NEVER): Promise<string[]> {
      const refusals: string[] = []
      for (let more = true; more;) {
        const indexed = await index(stopping)
        if (indexed.refusal !== null) refusals.push(indexed.refusal)
        more = indexed.more
      }
      return refusals
    },
    passAMinute: () => void (nowMs += 60_000),
  }
}

async function readIndex() {
  const [row] = await fixture.database.query(
    `SELECT i.indisvalid AS "isValid", pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i WHERE i.indexrelid = to_regclass('message_texts_searched_idx')`,
  )
  return row ?? null
}

async function count(search: string): Promise<number> {
  const finder = createFinder(fixture.opened.pool, { tenantId: ADA, service: null }, { search })
  return (await finder.page(null, 50, NEVER)).total
}

const VALID = { isValid: true, definition: expect.stringContaining('gin_trgm_ops') }

it('makes extension and index, and writes the texts that an upgrade lacks, the newest first', async () => {
  for (let n = 0; n < 300; n++) await fixture.submit({ subject: `Report ${n}` })
  await fixture.database.query('UPDATE message_texts SET searched = NULL')
  const index = createIndexing(fixture.opened.pool, fixture.database.url, () => 0)
  await index(NEVER)
  await index(NEVER)

  const written = await fixture.database.query(
    `SELECT count(*)::int AS count, bool_and(rank <= count) AS "areNewest"
       FROM (SELECT searched, rank() OVER (ORDER BY created_at DESC), count(searched) OVER () FROM message_texts) AS t WHERE searched IS NOT NULL`,
  )
  expect(written).toEqual([{ count: 250, areNewest: true }])
  expect(await readIndex()).toBeNull()
  expect(await count('report')).toBe(300)
  expect(await startIndexing().run()).toEqual([])
  expect(await readIndex()).toEqual(VALID)
  expect(await count('report 29')).toBe(11)
})

it('makes an index anew that was left half made', async () => {
  await startIndexing().run()
  await fixture.database.query(
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'message_texts_searched_idx'::regclass`,
  )
  await startIndexing().run()
  expect(await readIndex()).toEqual(VALID)
})

it('leaves an index that another process makes alone', async () => {
  const other = new pg.Client({ connectionString: fixture.database.url })
  await other.connect()
  onTestFinished(() => other.end())
  await other.query('SELECT pg_advisory_lock(719283006)')
  await startIndexing().run()
  expect(await readIndex()).toBeNull()
})

it('gives up making the index when the process stops', async () => {
  await fixture.submit()
  const stopping = new AbortController()
  const old = new pg.Client({ connectionString: fixture.database.url })
  await old.connect()
  onTestFinished(() => old.end())
  await old.query('BEGIN; LOCK TABLE message_texts IN SHARE UPDATE EXCLUSIVE MODE')
  const running = startIndexing().run(stopping.signal)
  const waits = `SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'`
  while ((await fixture.database.query(waits)).length === 0);
  stopping.abort()
  await running
  await old.query('ROLLBACK')
  await startIndexing().run()
  expect(await readIndex()).toEqual(VALID)
})

it.each(['42501', '0A000'])(
  'says once what is refused as %s, searches all the same, and uses the extension once it comes',
  async (code) => {
    await fixture.database.query(
      `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'Not on the list of the administrator.' USING ERRCODE = '${code}'; END$$;
     CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION refuse()`,
    )
    const allow = () => fixture.database.query('DROP EVENT TRIGGER IF EXISTS refuse; DROP FUNCTION IF EXISTS refuse')
    onTestFinished(async () => void (await allow()))
    await fixture.submit({ subject: 'Report' })
    const indexing = startIndexing()
    expect(await indexing.run()).toEqual(['Not on the list of the administrator.'])
    indexing.passAMinute()
    expect(await indexing.run()).toEqual([])
    expect(await count('report')).toBe(1)

    await allow()
    await fixture.database.query(
      'DROP SCHEMA IF EXISTS of_administrator; CREATE SCHEMA of_administrator; CREATE EXTENSION pg_trgm SCHEMA of_administrator',
    )
    expect(await indexing.run()).toEqual([])
    expect(await readIndex()).toBeNull()
    indexing.passAMinute()
    expect(await indexing.run()).toEqual(['permission denied for schema of_administrator'])
    await fixture.database.query('GRANT USAGE ON SCHEMA of_administrator TO PUBLIC')
    indexing.passAMinute()
    expect(await indexing.run()).toEqual([])
    expect(await readIndex()).toEqual({
      isValid: true,
      definition: expect.stringContaining('of_administrator.gin_trgm_ops'),
    })
  },
)

it('deletes the text of a message that retention deletes', async () => {
  await fixture.submit()
  await fixture.database.query(`DELETE FROM message_queue; UPDATE messages SET outcome = 'sent', ended_at = created_at`)
  await fixture.queue.upkeep.deleteOld(new Date(fixture.clock.now().getTime() + 31 * DAY_MS))
  expect(await fixture.database.query('SELECT FROM message_texts')).toEqual([])
})
