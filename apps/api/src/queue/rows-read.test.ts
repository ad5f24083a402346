import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { PrismaPg } from '@prisma/adapter-pg'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setUpSession } from '../database/database.ts'
import { PrismaClient } from '../database/generated/client.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import {
  ADA,
  BEN,
  createQueueFixture,
  QUEUED,
  SENT,
  VERSION,
  type QueueFixture,
} from '../test-support/queue-fixture.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createForgetStore } from '../vault/forget-store.ts'
import { createSealedStore } from '../vault/sealed-store.ts'
import { makeIndex, writeMissingTexts } from './records/search-index.ts'
import { createFinder } from './records/find.ts'
import type { PageStart } from './records/find-page.ts'
import type { StoredFilter } from './records/find-source.ts'
import type { MarkedMessage } from './owner/marked-message.ts'
import type { Queue } from './queue.ts'
import type { Settlement } from './owner/settle.ts'

const PERSON = { tenantId: 'ten_paused', service: null, userId: null }

/** Beside a history, a backlog and tenants of this size, a statement reads as many rows as it would without them. */
const VERY_MANY = 4_000
const FEW = 500
/** A claim looks at every lane and mailbox as well, however many messages there are, and so does what deletes old ones. */
const FEW_FOR_CLAIM = 1_000
const MANY = 100
/** So many wait behind others, and are more than are sorted at once. */
const WAITING = 100
/** Others that are looked at in vain for each of them, its row in the queue and its message, with the pages of their indexes. */
const READS_OF_WAITING = 16
/** Only few of them leave at once. */
const LARGE_WAITING = 150
/**
 * For each message that is claimed: its row by its lane and by its key, and its content, with the pages of all indexes. How
 * many pages those are varies by one or two with what ran before; a walk of the history would read thousands.
 */
const READS_OF_CLAIMED = 14
const FOUND = { tenantId: 'ten_found', service: null }

/** What the planner may know of a queue in which very many wait in a paused mailbox. */
const STATISTICS: Record<string, (fixture: QueueFixture) => Promise<unknown>> = {
  'of a queue that was empty': async (fixture) => {
    await wait(fixture, `'ten_paused'`)
    // Without rows on pages that there are, every index looks one page long, however large it is by now.
    await fixture.database.query(
      `UPDATE pg_class SET reltuples = 0, relpages = 1 WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')`,
    )
  },
  'of a moment ago': async (fixture) => {
    await wait(fixture, `'ten_paused'`)
    await fixture.database.query('ANALYZE')
  },
  'of a time when each mailbox had some hundred': async (fixture) => {
    await wait(fixture, `'ten_' || n % 40`)
    await fixture.database.query('ANALYZE')
    await wait(fixture, `'${BEN}'`)
  },
}

const PLANNED_BEFORE = 'of a queue that was empty, from which plans were kept'
STATISTICS[PLANNED_BEFORE] = (fixture) => wait(fixture, `'ten_paused'`)

let waited = 0

/** Has very many messages wait, each in the mailbox of `tenant`: SQL about its number `n`. */
async function wait({ database }: QueueFixture, tenant: string): Promise<void> {
  await database.query(
    `WITH waiting AS (
       SELECT 'msg_waiting_' || $2 || '_' || n AS id, ${tenant} AS tenant_id, mail_now() - n * interval '1 millisecond' AS due_at
         FROM generate_series(1, $1::int) AS n
     ), recorded AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at) SELECT id, tenant_id, 'reports', '[]', '', due_at FROM waiting
     ), content AS (
       INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at) SELECT id, tenant_id, '\\x00', 1, mail_now() FROM waiting
     )
     INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT id, tenant_id, 'queued', due_at, due_at, 1, 'small', 0, 'retry', true FROM waiting`,
    [VERY_MANY, String(waited++)],
  )
}

/** Has PostgreSQL keep the plans of the prepared statements: it does after five runs. */
async function keepPlans(fixture: QueueFixture, queue: Queue): Promise<void> {
  for (let run = 0; run < 16; run++) {
    await fixture.submit({}, queue)
    for (const message of await queue.deliveries.claim(`run ${run}`, 1)) {
      await queue.deliveries.clear(message, VERSION, true)
      await queue.deliveries.settle(sent(message, run % 2 === 0 ? SENT : SENT_THEN_PAUSE))
      await queue.messages.find({ tenantId: ADA, service: null }, message.id, null)
    }
    await queue.deliveries.judgeAbandoned()
    await queue.deliveries.bringTimesBack()
    await queue.deliveries.release()
    await queue.mailboxes.claimCleanups()
  }
}

/** More is to be written than that it was sent, though the pause is over at once. */
const SENT_THEN_PAUSE: Settlement = { ...SENT, pauseMailboxMs: 0 }

const sent = (message: MarkedMessage, settlement: Settlement) => ({
  message,
  settlement,
  fromEmail: 'ada@contoso.com',
  ageMs: () => 0,
})

const listing = (filter: StoredFilter, start: PageStart | null = null) => ({
  filter,
  start,
  limit: 20,
  signal: new AbortController().signal,
})

/** Has each connection of a pool tell what it has read, which it would do up to ten seconds later by itself. */
async function tellWhatWasRead(pool: pg.Pool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()))
  for (const client of clients) {
    await client.query('SELECT pg_stat_force_next_flush()')
    client.release()
  }
}

async function first<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item
  return undefined
}

const lost = (key: string, value: string) => [
  { key, value: value as Sealed, owner: { tenant: '', record: key, purpose: '' } },
]

describe.each(Object.entries(STATISTICS))('with statistics %s', (which, know) => {
  let fixture: QueueFixture
  let pool: pg.Pool
  let prisma: PrismaClient
  let queue: Queue
  let claimed: MarkedMessage[]

  beforeAll(async () => {
    fixture = await createQueueFixture()
    pool = createTestPool(fixture.database.url, 1, setUpSession)
    prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
    queue = createTestQueue(pool, { limits: { concurrency: 0 } })
    // It would count as rows of the statement that it runs beside.
    for (const { tablename } of await fixture.database.query<{ tablename: string }>(
      'SELECT tablename FROM pg_tables WHERE schemaname = current_schema()',
    ))
      await fixture.database.query(`ALTER TABLE "${tablename}" SET (autovacuum_enabled = false)`)
    if (which === PLANNED_BEFORE) await keepPlans(fixture, queue)
    await fixture.database.query(
      `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
     SELECT 'msg_ended_' || n, $1, 'reports', 'sent', '[]', '', mail_now() - n * interval '1 second', mail_now(), mail_now()
       FROM generate_series(1, $2::int) AS n`,
      [ADA, VERY_MANY],
    )
    await fixture.database.query(
      `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, ended_at, failed_at, cancelled_at, content_kept, problem)
     SELECT 'msg_unsent_' || n, $1, 'reports', CASE n % 2 WHEN 0 THEN 'failed' ELSE 'cancelled' END, '[]', '', mail_now() - n * interval '1 second',
            mail_now(), CASE n % 2 WHEN 0 THEN mail_now() END, CASE n % 2 WHEN 1 THEN mail_now() END, n % 2 = 0,
            CASE n % 2 WHEN 0 THEN '{"code": "recipient-refused", "microsoftCode": "ErrorInvalidRecipients"}'::jsonb END
       FROM generate_series(1, $2::int) AS n`,
      [BEN, VERY_MANY],
    )
    await fixture.database.query(
      `UPDATE messages SET created_at = mail_now() - interval '1 year', ended_at = mail_now() - interval '1 year'
        WHERE id = ANY (SELECT 'msg_ended_' || n FROM generate_series($1::int - 9, $1::int) AS n)`,
      [VERY_MANY],
    )
    await fixture.database.query(
      `INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail)
     SELECT $1, 'msg_ended_' || n, mail_now(), 'throttled', '' FROM generate_series(1, $2::int) AS n`,
      [ADA, VERY_MANY],
    )
    await fixture.database.query(
      `WITH stored AS (
         INSERT INTO message_contents (message_id, tenant_id, chunked, stored_bytes, content, begun_at)
         SELECT 'msg_stored_' || n, $1, true, 1, '', mail_now() FROM generate_series(1, $2::int) AS n RETURNING message_id
       )
       INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
       SELECT message_id, 0, 0, $1, mail_now(), '\\x00' FROM stored`,
      [ADA, VERY_MANY],
    )
    await fixture.database.query(
      `INSERT INTO message_events (tenant_id, position, at, message_id, service, type)
       SELECT t.id, floor(extract(epoch FROM mail_now()) * 1000000) + 1000000 + n, mail_now(), 'msg_ended_' || n, 'reports', 'message.sent'
         FROM generate_series(1, $2::int) AS n, unnest($1::text[]) AS t(id)`,
      [[ADA, BEN], VERY_MANY],
    )
    await fixture.database.query(
      `INSERT INTO seen_reports (tenant_id, item_id, seen_at) SELECT $1, 'item ' || n, mail_now() FROM generate_series(1, $2::int) AS n`,
      [ADA, VERY_MANY],
    )
    await fixture.database.query(
      `UPDATE tenant_settings SET bounces_enabled = true, bounces_since = mail_now() WHERE tenant_id = $1`,
      [ADA],
    )
    await fixture.database.query(
      `INSERT INTO tenants (id, created_at) SELECT id, mail_now() FROM unnest(ARRAY['ten_paused', 'ten_lanes', 'ten_many']) AS id`,
    )
    await fixture.database.query(
      `INSERT INTO mailboxes (tenant_id, paused_until) VALUES ('ten_paused', mail_now() + interval '1 day')`,
    )
    await know(fixture)
    await fixture.addDataKey('dky_lost')
    for (let each = 0; each < 5; each++) await fixture.submit({ tenantId: 'ten_lost', dataKey: 'dky_lost' })
    await fixture.database.query(
      `UPDATE message_contents SET key_sealed = 'lost' WHERE message_id IN ('msg_waiting_0_2', 'msg_waiting_0_3')`,
    )
    for (let each = 0; each < 20; each++) await fixture.submit()
    await fixture.database.query(
      `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, reference, created_at, sent_at, ended_at)
       SELECT 'msg_' || md5(n::text), 'ten_found', 'reports', 'sent', '[{"address": "max@contoso.com"}]', 'Report ' || n, 'REF-' || n,
              mail_now() - n * interval '1 second', mail_now(), mail_now()
         FROM generate_series(1, $1::int) AS n`,
      [VERY_MANY],
    )
    await fixture.database.query(
      `INSERT INTO message_texts (message_id, tenant_id, created_at) SELECT id, tenant_id, created_at FROM messages WHERE tenant_id = 'ten_found'`,
    )
    while (await writeMissingTexts(pool));
    await pool.query('CREATE EXTENSION pg_trgm')
    await makeIndex(pool, fixture.database.url, new AbortController().signal)
    await fixture.database.query(
      `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
       SELECT 'msg_' || md5('behind ' || n), 'ten_behind', 'reports', 'sent', '[]', 'Report', mail_now() - n * interval '1 second', mail_now(),
              mail_now()
         FROM generate_series(1, $1::int) AS n`,
      [VERY_MANY],
    )
  })
  afterAll(async () => {
    await pool.end()
    await fixture.close()
  })

  /**
   * How many rows of all tables and pages of all indexes the work reads on the one connection of the pool. Pages tell
   * that an index was read from end to end, because only the rows it finds are counted.
   */
  async function rowsRead(work: () => Promise<unknown>): Promise<number> {
    await fixture.database.query('SELECT pg_stat_force_next_flush()')
    for (const each of [fixture.opened.pool, pool]) await tellWhatWasRead(each)
    const before = await count()
    await work()
    await pool.query('SELECT pg_stat_force_next_flush()')
    return (await count()) - before
  }

  async function count(): Promise<number> {
    const { rows } = await pool.query<{ rows: number }>(
      `SELECT (SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables)::int
            + (SELECT sum(idx_blks_hit + idx_blks_read) FROM pg_statio_user_indexes)::int AS rows`,
    )
    return rows[0]?.rows ?? 0
  }

  it('reads few rows for a claim', async () => {
    expect(await rowsRead(async () => (claimed = await queue.deliveries.claim('worker', 10)))).toBeLessThan(
      FEW_FOR_CLAIM,
    )
    expect(claimed).toHaveLength(10)
  })

  it.each([
    ['of a batch', 0, SENT],
    ['that a pause comes with', 2, SENT_THEN_PAUSE],
  ])('reads few rows for the outcomes %s', async (_what, from, settlement) => {
    const settle = () =>
      Promise.all(claimed.slice(from, from + 2).map((message) => queue.deliveries.settle(sent(message, settlement))))
    expect(await rowsRead(settle)).toBeLessThan(FEW)
  })

  it.each<[string, number, (queue: Queue) => Promise<unknown>]>([
    ['the newest', 1, ({ messages }) => messages.list({ tenantId: ADA, service: null }, listing({}), null)],
    [
      'those of a service, from a cursor',
      1,
      ({ messages }) =>
        messages.list(
          { tenantId: ADA, service: 'reports' },
          listing({}, { at: fixture.clock.now(), id: '', toward: 'older' }),
          null,
        ),
    ],
    ['what a search finds', 1, ({ messages }) => messages.list(FOUND, listing({ search: 'REPORT' }), null)],
  ])('reads no more than it has to count of %s', async (_what, each, work) => {
    // The pages of the index are some hundred more, and vary with what ran before.
    expect(await rowsRead(() => work(queue))).toBeLessThan(each * VERY_MANY + 2 * FEW)
  })

  it.each([{ service: 'sent nothing' }, { service: 'sent nothing', status: 'sent' }] as const)(
    'reads few rows for a search of %o, in texts that nearly all have',
    async (filter) => {
      const list = () => queue.messages.list(FOUND, listing({ ...filter, search: 'REPORT' }), null)
      expect(await rowsRead(async () => expect(await list()).toMatchObject({ total: 0 }))).toBeLessThan(FEW)
    },
  )

  it('reads no waiting message twice to find those that were sent', async () => {
    const owner = { tenantId: 'ten_paused', service: null }
    const list = () => queue.messages.list(owner, listing({ status: 'sent' }), null)
    expect(await rowsRead(list)).toBeLessThan(VERY_MANY + FEW)
  })

  it('reads few rows for an attempt that came to the same as the one before', async () => {
    const [message] = claimed.slice(4)
    if (!message) throw new Error('Too few were claimed.')
    await fixture.database.query(
      `INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail) VALUES ($1, $2, mail_now(), 'unavailable', '')`,
      [message.tenantId, message.id],
    )
    expect(await rowsRead(() => fixture.settle(message, QUEUED, queue))).toBeLessThan(FEW)
    expect(await fixture.read(message.id, message.tenantId)).toMatchObject({
      attempts: [{ outcome: 'unavailable', count: 2 }],
    })
  })

  it.each<[string, (queue: Queue) => Promise<unknown>]>([
    ['submitting', (own) => fixture.submit({}, own)],
    [
      'requests to the mailbox',
      ({ deliveries }) => Promise.all(claimed.slice(5).map((each) => deliveries.clear(each, VERSION, true))),
    ],
    [
      'drafts',
      async ({ deliveries }) => {
        for (const each of claimed.slice(5))
          await deliveries.storeDraft(each, VERSION, {
            draftId: each.id,
            internetMessageId: null,
            redirectedTo: null,
            mailbox: 'reports@contoso.com',
            from: null,
            uploading: true,
          })
      },
    ],
    ['cancelling', ({ messages }) => messages.cancel(PERSON, 'msg_waiting_0_1', new Date())],
    ['retrying', ({ messages }) => messages.retry({ ...PERSON, tenantId: BEN }, 'msg_unsent_2', new Date())],
    ['what is being received', ({ upkeep }) => upkeep.sweepReceived(new Date())],
    ['deletions in mailboxes', ({ mailboxes }) => mailboxes.claimCleanups()],
    [
      'reports in an inbox, of which very many were read',
      async ({ inboxes }) => {
        const [inbox] = await inboxes.claim('process')
        if (!inbox) throw new Error('No inbox was due.')
        await inboxes.renew(inbox)
        await inboxes.unseen(ADA, ['item 1', 'item'])
        await inboxes.markSeen(ADA, 'item')
        await inboxes.advance(inbox, '/me/next', true)
        await inboxes.release(inbox, 1_000)
      },
    ],
    [
      'a pause for a limit that is used up',
      async ({ mailboxes, messages }) => {
        await mailboxes.pauseForQuota({ tenantId: BEN, code: '5.1.90', sentAt: null })
        await messages.sendNow(BEN, 'usr_1')
      },
    ],
    ['what is old enough to be deleted', ({ upkeep }) => upkeep.deleteOld(new Date(0))],
    [
      'queues that stand still',
      ({ upkeep }) => upkeep.findStalled({ now: new Date(), movedBefore: new Date(0), recipientsPerDay: 0 }),
    ],
    [
      'attachments that arrive',
      async ({ receiving }) => {
        await receiving.begin({ id: 'msg_arriving', tenantId: ADA, service: 'reports', dataKey: 'dky_1' })
        await receiving.reserve('msg_arriving', { neededBytes: 10, wantedBytes: 20 })
        await receiving.writeChunk({ tenantId: ADA, messageId: 'msg_arriving', part: 0, chunk: 0 }, Buffer.alloc(5))
      },
    ],
    [
      'submitting what arrived, with a key',
      (own) =>
        fixture.submit(
          {
            id: 'msg_arriving',
            receiving: true,
            attachmentBytes: 5,
            storedBytes: 1_005,
            idempotency: { key: 'key', contentHash: 'hash' },
          },
          own,
        ),
    ],
    [
      'cancelling with attachments',
      ({ messages }) => messages.cancel({ ...PERSON, tenantId: ADA }, 'msg_arriving', new Date()),
    ],
    [
      'the content under a lost data key',
      () =>
        createForgetStore({ prisma }).forget(SEALED_COLUMNS.dataKey, lost('dky_lost', 'sealed dky_lost'), new Date()),
    ],
    [
      'the content under a lost key of its own',
      () =>
        createForgetStore({ prisma }).forget(SEALED_COLUMNS.contentKey, lost('msg_waiting_0_2', 'lost'), new Date()),
    ],
    [
      'a key that is sealed anew',
      () =>
        createSealedStore({ pool, prisma }, []).replace(SEALED_COLUMNS.contentKey, [
          { key: 'msg_waiting_0_3', before: 'lost' as Sealed, after: 'sealed' as Sealed },
        ]),
    ],
    ['the few that are old enough to be deleted', ({ upkeep }) => upkeep.deleteOld(fixture.clock.now())],
    ...(
      [
        { reference: 'REF-3210' },
        { search: 'ref-3210', status: 'sent' },
        { recipient: 'nobody@contoso.com', service: 'reports' },
        { search: 'report', status: 'failed' },
        { problem: 'gave-up' },
        { possibleDuplicate: true },
      ] as const
    ).map((filter): [string, (queue: Queue) => Promise<unknown>] => [
      `the newest by ${JSON.stringify(filter)}`,
      ({ messages }) => messages.list(FOUND, listing(filter), null),
    ]),
    [
      'the newest that failed by a cause that is rare',
      ({ messages }) =>
        messages.list({ tenantId: BEN, service: null }, listing({ problem: 'ErrorSendAsDenied' }), null),
    ],
    [
      'the newest that wait and may be duplicates',
      ({ messages }) => messages.list(PERSON, listing({ status: 'queued', possibleDuplicate: true }), null),
    ],
    [
      'what is to be retried together',
      ({ messages }) =>
        messages.changeAll(
          { ...PERSON, tenantId: ADA },
          'retry',
          {},
          { now: new Date(), allowedDomains: ['contoso.com'] },
        ),
    ],
    [
      'events, from a place on',
      async ({ events }) => {
        const filter = { types: ['message.sent' as const], services: ['reports'] }
        const end = await events.end(ADA)
        await events.read(ADA, { position: end.position - VERY_MANY / 2, mark: null }, 20, filter)
        await events.read(ADA, end, 20, filter)
        await events.find(ADA, [1, end.position])
      },
    ],
    ['looking for abandoned messages', ({ deliveries }) => deliveries.judgeAbandoned()],
    [
      'looking after the clock was set back',
      async () => {
        const { deliveries } = createTestQueue(pool)
        await deliveries.judgeAbandoned()
        await deliveries.bringTimesBack()
      },
    ],
    ['looking for what may leave now', ({ deliveries }) => deliveries.release()],
    ['the depth of the queue', ({ upkeep }) => upkeep.readDepth()],
    ['the state of a mailbox', ({ messages }) => messages.readMailbox(ADA)],
    ['how the mail stands', ({ insight }) => insight.readMailFacts(ADA)],
    ['how the mail of a paused mailbox stands', ({ insight }) => insight.readMailFacts('ten_paused')],
    ['what is held, by reason', ({ insight }) => insight.readHeld(ADA)],
    ['what became of the mail, by hours and days', ({ insight }) => insight.readOutcomeHistory(ADA)],
    ['recipients that were not reached', ({ insight }) => insight.readBouncedOfDay(ADA)],
    ['recipients whose message is in quarantine', ({ insight }) => insight.readQuarantinedOfDay(ADA)],
    ['external recipients', ({ insight }) => insight.readExternalUse(ADA)],
    [
      'the first of all messages',
      () => first(createFinder(pool, { tenantId: 'ten_behind', service: null }, {}).all(400)),
    ],
    ['one message', ({ messages }) => messages.find({ tenantId: ADA, service: null }, 'msg_ended_1', null)],
    ...(['failed', 'cancelled', 'queued', 'sending', 'held', 'scheduled'] as const).map(
      (status): [string, (queue: Queue) => Promise<unknown>] => [
        `the newest that are ${status}`,
        ({ messages }) => messages.list({ tenantId: ADA, service: null }, listing({ status }), null),
      ],
    ),
  ])('reads few rows for %s', async (_what, work) => {
    expect(await rowsRead(() => work(queue))).toBeLessThan(FEW)
  })

  it('reads each row once that failed within a day, by cause', async () => {
    const failed = await rowsRead(() => queue.upkeep.readFailures())
    expect(failed).toBeLessThan(VERY_MANY / 2 + FEW)
  })

  it('reads few rows to recover a message that left before very many of another lane', async () => {
    const [last] = await fixture.database.query<{ message_id: string }>(
      `UPDATE message_queue SET priority = 0, mark_id = 'dead', marked_by = 'dead', marked_at = mail_now()
        WHERE message_id = (SELECT message_id FROM message_queue WHERE message_id LIKE 'msg_waiting%' AND state = 'queued' AND mark_id IS NULL
                             ORDER BY due_at DESC LIMIT 1)
       RETURNING message_id`,
    )
    let abandoned: readonly string[] = []
    expect(await rowsRead(async () => ({ abandoned } = await queue.deliveries.judgeAbandoned()))).toBeLessThan(FEW)
    expect(abandoned).toEqual([last?.message_id])
  })

  it('reads few rows to recover a message that left behind large ones that may not, and one of another lane, before very many', async () => {
    await fixture.database.query(
      `INSERT INTO tenants (id, created_at) VALUES ('ten_large', now()) ON CONFLICT DO NOTHING`,
    )
    await queue.deliveries.judgeAbandoned() // takes its mailbox
    await fixture.database.query(
      `WITH behind AS (
         SELECT 'msg_behind_' || n AS id, n, mail_now() - interval '1 day' + n * interval '1 millisecond' AS due_at FROM generate_series(1, $2 + $3::int) AS n
       ), recorded AS (
         INSERT INTO messages (id, tenant_id, service, "to", subject, created_at) SELECT id, $1, 'large ones', '[]', '', due_at FROM behind
       )
       INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items,
                                  service, mark_id, marked_by, marked_at)
       SELECT id, $1, 'queued', due_at, due_at, 1, CASE WHEN n <= $2 THEN 'large' ELSE 'small' END, 0, 'retry', true,
              CASE WHEN n = $2 + $3 THEN 'another' ELSE 'large ones' END,
              CASE WHEN n IN ($2 + 1, $2 + $3) THEN 'dead' END, CASE WHEN n IN ($2 + 1, $2 + $3) THEN 'dead' END, CASE WHEN n IN ($2 + 1, $2 + $3) THEN mail_now() END
         FROM behind`,
      ['ten_large', LARGE_WAITING, VERY_MANY],
    )
    let abandoned: readonly string[] = []
    expect(await rowsRead(async () => ({ abandoned } = await queue.deliveries.judgeAbandoned()))).toBeLessThan(
      FEW_FOR_CLAIM,
    )
    expect(abandoned.toSorted()).toEqual([`msg_behind_${LARGE_WAITING + 1}`, `msg_behind_${LARGE_WAITING + VERY_MANY}`])
    await fixture.database.query(`UPDATE message_queue SET state = 'held' WHERE tenant_id = 'ten_large'`)
  })

  it('reads few rows to undo what was marked without an answer', async () => {
    const unanswered = await queue.deliveries.claim('unanswered', 2)
    expect(unanswered).toHaveLength(2)

    expect(await rowsRead(() => queue.deliveries.judgeAbandoned())).toBeLessThan(FEW)

    const undone = `SELECT 1 FROM message_queue WHERE message_id = ANY ($1) AND mark_id IS NULL AND attempt_id IS NULL AND doubt = 'none'`
    expect(await fixture.database.query(undone, [unanswered.map(({ id }) => id)])).toHaveLength(2)
  })

  it('reads few rows for a claim in a mailbox with 60 lanes', async () => {
    const limited = createTestQueue(pool, { limits: { concurrency: 4, messagesPerMinute: 30 } })
    for (let lane = 0; lane < 60; lane++)
      await fixture.submit({
        tenantId: 'ten_lanes',
        service: `service ${lane % 20}`,
        priority: (['high', 'normal', 'low'] as const)[lane % 3] ?? 'normal',
      })
    await fixture.database.query(
      `UPDATE message_queue SET state = CASE WHEN tenant_id = 'ten_lanes' THEN 'queued' ELSE 'held' END, due_at = mail_now() WHERE tenant_id <> 'ten_paused'`,
    )
    const claim = () => limited.deliveries.claim('limited', 10)
    expect(await rowsRead(async () => expect(await claim()).toMatchObject([{ tenantId: 'ten_lanes' }]))).toBeLessThan(
      FEW_FOR_CLAIM,
    )
  })

  it('reads few rows for each of many messages that are claimed together', async () => {
    await fixture.database.query(
      `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox) VALUES ('ten_many', 1, 'connected', 'ada@contoso.com', 'own')`,
    )
    for (let each = 0; each < MANY; each++) await fixture.submit({ tenantId: 'ten_many' })
    // They are not written once more: a page with room for the mark needs no dead row removed, which transactions of others delay.
    await fixture.database.query(
      `UPDATE message_queue SET state = 'held', due_at = mail_now() WHERE tenant_id NOT IN ('ten_paused', 'ten_many')`,
    )
    const claim = async () => expect(await queue.deliveries.claim('takes many', MANY)).toHaveLength(MANY)
    expect(await rowsRead(claim)).toBeLessThan(READS_OF_CLAIMED * MANY + FEW_FOR_CLAIM)
  })

  describe('of messages that a report tells of', () => {
    const OWNER = { tenantId: 'ten_reported', service: null }
    beforeAll(async () => {
      await fixture.database.query(
        `WITH sent AS (
           INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at, reported)
           SELECT 'msg_reported_' || n, $1, 'reports', 'sent', '[]', '', mail_now() - n * interval '1 second', mail_now(), mail_now(), true
             FROM generate_series(1, $2::int) AS n RETURNING id, created_at
         )
         INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, delivery, code, at, submitted_at, source, learned_at)
         SELECT id, address, $1, 1, CASE WHEN id = 'msg_reported_1' THEN 'failed' ELSE 'delivered' END, CASE WHEN id = 'msg_reported_1' THEN '5.1.10' ELSE '2.0.0' END,
                created_at, created_at, 'trace', mail_now()
           FROM sent, unnest(ARRAY['max@contoso.com', 'eve@contoso.com']) AS address ORDER BY created_at`,
        [OWNER.tenantId, VERY_MANY],
      )
    })

    it.each([{ delivery: 'delivered' }, { problem: '2.0.0' }] as const)(
      'reads few rows for the first of very many by %o',
      async (filter) => {
        const found = createFinder(pool, OWNER, filter, { sortedAtMost: 20 }).all(20)
        expect(await rowsRead(async () => expect(await first(found)).toHaveLength(20))).toBeLessThan(FEW)
      },
    )

    it.each([{ delivery: 'failed' }, { problem: '5.1.10' }] as const)(
      'reads few rows for few by %o',
      async (filter) => {
        const list = async () =>
          expect(await queue.messages.list(OWNER, listing(filter), null)).toMatchObject({ items: [{}], total: 1 })
        expect(await rowsRead(list)).toBeLessThan(FEW)
      },
    )

    it('reads few rows for a page of those of which nothing is reported, older than very many others and than very many that failed, and counts them', async () => {
      await fixture.database.query(
        `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, ended_at, failed_at)
         SELECT 'msg_failed_unreported_' || n, $1, 'reports', 'failed', '[]', '', mail_now() - n * interval '1 second', mail_now(), mail_now()
           FROM generate_series(1, $2::int) AS n`,
        [OWNER.tenantId, VERY_MANY],
      )
      await fixture.database.query(
        `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
         SELECT 'msg_not_reported_' || n, $1, 'reports', 'sent', '[]', '', mail_now() - interval '1 year', mail_now(), mail_now() FROM generate_series(1, 5) AS n`,
        [OWNER.tenantId],
      )
      const finder = createFinder(pool, OWNER, { delivery: 'unknown', status: 'sent' })
      const newest = () => finder.page(null, 4, new AbortController().signal)
      const page = { matches: { length: 4 }, hasOlder: true, total: 5, totalIsEstimate: false }
      expect(await rowsRead(async () => expect(await newest()).toMatchObject(page))).toBeLessThan(FEW)
    })

    it('reads few rows for a page of those that lie behind very many others, and counts them', async () => {
      await fixture.database.query(
        `WITH old AS (
           INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
           SELECT 'msg_quarantined_' || n, $1, 'reports', 'sent', '[]', '', mail_now() - interval '1 year', mail_now(), mail_now()
             FROM generate_series(1, 11) AS n RETURNING id, created_at
         )
         INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, delivery, at, submitted_at, source, learned_at)
         SELECT id, address, $1, 1, 'quarantined', mail_now(), created_at, 'trace', mail_now() FROM old, unnest(ARRAY['max@contoso.com', 'eve@contoso.com']) AS address`,
        [OWNER.tenantId],
      )
      const finder = createFinder(pool, OWNER, { delivery: 'quarantined' }, { sortedAtMost: 5 })
      const oldest = () => finder.page(null, 10, new AbortController().signal)
      const page = { matches: { length: 10 }, hasOlder: true, total: 11, totalIsEstimate: false }
      expect(await rowsRead(async () => expect(await oldest()).toMatchObject(page))).toBeLessThan(FEW)
    })
  })

  it('reads none of the messages to count those that failed with a code of ours', async () => {
    const owner = { tenantId: 'ten_failed', service: null }
    await fixture.database.query(
      `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, ended_at, failed_at, problem)
       SELECT 'msg_failed_' || n, $1, 'reports', 'failed', '[]', '', mail_now(), mail_now(), mail_now(), '{"code": "gave-up", "microsoftCode": "ErrorX"}'
         FROM generate_series(1, 180) AS n`,
      [owner.tenantId],
    )
    const finder = createFinder(pool, owner, { problem: 'gave-up' })
    const newest = () => finder.page(null, 50, new AbortController().signal)
    expect(await rowsRead(async () => expect(await newest()).toMatchObject({ total: 180 }))).toBeLessThan(FEW)
  })

  it('reads few rows to find and count those that failed within a time, among very many that failed', async () => {
    const owner = { tenantId: 'ten_failed_daily', service: null }
    await fixture.database.query(
      `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, ended_at, failed_at, problem)
       SELECT 'msg_failed_daily_' || n, $1, 'reports', 'failed', '[]', '', at, at, at, '{"code": "gave-up"}'
         FROM generate_series(1, $2::int) AS n CROSS JOIN LATERAL (SELECT timestamptz '2024-01-01Z' + n * interval '1 hour' AS at) AS o`,
      [owner.tenantId, VERY_MANY],
    )
    const day = { failedFrom: new Date('2024-01-11T00:00:00Z'), failedTo: new Date('2024-01-12T00:00:00Z') }
    const others = createFinder(
      pool,
      owner,
      { failedFrom: new Date('2024-01-01Z'), problem: 'ErrorX' },
      { sortedAtMost: 20 },
    )
    const none = () => others.page(null, 5, new AbortController().signal)
    expect(await rowsRead(async () => expect(await none()).toMatchObject({ total: 0 }))).toBeLessThan(FEW)
    const finder = createFinder(pool, owner, day)
    const newest = () => finder.page(null, 5, new AbortController().signal)
    const page = { matches: { length: 5 }, hasOlder: true, total: 24, totalIsEstimate: false }
    expect(await rowsRead(async () => expect(await newest()).toMatchObject(page))).toBeLessThan(FEW)
  })

  /** Has messages of a service wait for a year in a state, ahead of very many that have ended. */
  async function waitBehindEnded(tenantId: string, state: 'held' | 'scheduled' | 'queued', count: number) {
    await fixture.database.query(
      `WITH waiting AS (
         SELECT $1 || '_' || n AS id, mail_now() - interval '1 year' + n * interval '1 second' AS at FROM generate_series(1, $3::int) AS n
       ), recorded AS (
         INSERT INTO messages (id, tenant_id, service, "to", subject, created_at) SELECT id, $1, 'waits', '[]', '', at FROM waiting
       ), ended AS (
         INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
         SELECT $1 || '_ended_' || n, $1, 'waits', 'sent', '[]', '', mail_now() - n * interval '1 second', mail_now(), mail_now()
           FROM generate_series(1, $4::int) AS n
       )
       INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items,
                                  service, held_because)
       SELECT id, $1, $2, CASE $2 WHEN 'held' THEN NULL WHEN 'queued' THEN at ELSE mail_now() + interval '1 year' END, at, 1, 'small', 0, 'retry', true, 'waits',
              CASE $2 WHEN 'held' THEN 'not-configured' END
         FROM waiting`,
      [tenantId, state, count, VERY_MANY],
    )
  }

  it.each(['held', 'scheduled', 'queued'] as const)(
    'reads few rows for a page of those that are %s, older than very many that have ended',
    async (state) => {
      const tenantId = `ten_${state}`
      await waitBehindEnded(tenantId, state, WAITING)
      const finder = createFinder(pool, { tenantId, service: null }, { status: state }, { sortedAtMost: 50 })
      const newest = () => finder.page(null, 20, new AbortController().signal)
      expect(
        await rowsRead(async () =>
          expect(await newest()).toMatchObject({
            matches: { length: 20, 0: { id: `${tenantId}_${WAITING}` } },
            total: WAITING,
          }),
        ),
      ).toBeLessThan(READS_OF_WAITING * WAITING + FEW)
    },
  )

  it('reads few rows for the queue of a service beside very many of another', async () => {
    await waitBehindEnded('ten_services', 'queued', 5)
    await fixture.database.query(
      `WITH waiting AS (
         INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
         SELECT 'msg_of_another_' || n, 'ten_services', 'another', '[]', '', mail_now() FROM generate_series(1, $1::int) AS n RETURNING id, created_at
       )
       INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items, service)
       SELECT id, 'ten_services', 'queued', created_at, created_at, 1, 'small', 0, 'retry', true, 'another' FROM waiting`,
      [VERY_MANY],
    )
    const owner = { tenantId: 'ten_services', service: 'waits' }
    const finder = createFinder(pool, owner, { status: 'queued' }, { sortedAtMost: 50 })
    const newest = () => finder.page(null, 3, new AbortController().signal)
    expect(
      await rowsRead(async () => expect(await newest()).toMatchObject({ matches: { length: 3 }, total: 5 })),
    ).toBeLessThan(FEW)
  })

  it('reads each row once of what is held by two reasons', async () => {
    await waitBehindEnded('ten_of_two_reasons', 'held', VERY_MANY)
    await fixture.database.query(
      `UPDATE message_queue SET held_because = 'large-attachments-disabled' WHERE message_id = 'ten_of_two_reasons_1'`,
    )
    const read = async () =>
      expect(Object.fromEntries(await queue.insight.readHeld('ten_of_two_reasons'))).toEqual({
        'not-configured': VERY_MANY - 1,
        'large-attachments-disabled': 1,
      })
    expect(await rowsRead(read)).toBeLessThan(VERY_MANY + FEW)
  })

  it('reads few rows for what is old enough to be deleted beside very many that are held without end', async () => {
    await waitBehindEnded('ten_held_for_long', 'held', VERY_MANY)
    await fixture.database.query('UPDATE messages SET content_kept = false WHERE content_kept')
    const now = fixture.clock.now()
    await queue.upkeep.deleteOld(now)
    expect(await rowsRead(() => queue.upkeep.deleteOld(new Date(now.getTime() + 1 * MINUTES)))).toBeLessThan(
      FEW_FOR_CLAIM,
    )
  })
})
