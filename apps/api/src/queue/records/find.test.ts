import type { Delivery } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setUpSession } from '../../database/database.ts'
import { outageOf } from '../../database/is-unavailable.ts'
import type { ListPosition, Toward } from '../../domain/list-position.ts'
import { ADA, BEN, useQueueFixture } from '../../test-support/queue-fixture.ts'
import { createTestPool } from '../../test-support/test-database.ts'
import type { Match } from './find-filter.ts'
import type { StoredFilter } from './find-source.ts'
import { createFinder, SearchTooLong } from './find.ts'
import { makeIndex, writeMissingTexts } from './search-index.ts'
import { hasTextFilter } from './search-text.ts'

const COUNT = 150
const PAGE = 47
/** The statement that reads texts that are not written yet. */
const COMPARES = /^SELECT id, subject, reference/
/** The statement that counts what is found. */
const COUNTS = /min\(at\)/
const START = Date.parse('2026-11-24T10:00:00Z')
const OWNER = { tenantId: ADA, service: null }

interface Seeded {
  readonly id: string
  readonly at: Date
  readonly service: string
  readonly status: string
  readonly subject: string
  readonly reference: string | null
  readonly to: readonly { address: string; name?: string }[]
  readonly possibleDuplicate: boolean
  readonly problem: { code: string; microsoftCode: string | null } | null
  readonly endedAt: Date | null
  readonly heldBecause: string | null
  /** What was reported of its recipient. */
  readonly reported: { delivery: Delivery; code: string | null } | null
  /** Whether it left so lately that reports are awaited. */
  readonly isLate: boolean
}

const REPORTED = [
  { delivery: 'delivered', code: null },
  { delivery: 'failed', code: '5.1.10' },
  { delivery: 'failed', code: null },
  { delivery: 'quarantined', code: '5.7.1' },
  null,
  null,
] as const

const SUBJECTS = [
  'Monthly report',
  'Straße gesperrt',
  'ΟΔΟΣ 7',
  'Alert: 100% of disk_space',
  'Café “Zoë”',
  '請求書 2026 年',
]
const STATUSES = ['sent', 'sent', 'sent', 'failed', 'cancelled', 'queued', 'held', 'scheduled', 'sending'] as const

/** Every third message shares its millisecond with the one before, and the ids are in no order. */
const seeded: readonly Seeded[] = Array.from({ length: COUNT }, (_, n) => {
  const status = STATUSES[(n * 7) % STATUSES.length] ?? 'sent'
  const failed = status === 'failed'
  return {
    id: `msg_${((n * 7_919) % 65_536).toString(16).padStart(4, '0')}${n.toString(16).padStart(28, '0')}`,
    at: new Date(START + Math.floor((n * 2) / 3) * 1_000),
    service: n % 4 === 0 ? 'alerts' : 'reports',
    status,
    subject: `${SUBJECTS[n % SUBJECTS.length]} ${n}`,
    reference: n % 5 === 0 ? null : `REF-${n % 30}`,
    to:
      n % 11 === 0
        ? []
        : [{ address: `Person${n % 13}@Contoso.com`, ...(n % 2 === 0 && { name: `Zoe\u0308 "${n % 7}"` }) }],
    possibleDuplicate: n % 17 === 3 && status !== 'cancelled',
    problem: failed
      ? { code: n % 2 === 0 ? 'gave-up' : 'recipient-refused', microsoftCode: n % 2 === 0 ? null : 'ErrorX' }
      : null,
    heldBecause: status !== 'held' ? null : n % 3 === 0 ? 'mailbox-refused' : 'reconnect-required',
    endedAt: ['sent', 'failed', 'cancelled'].includes(status) ? new Date(START + n * 2_000) : null,
    reported: ((status === 'sent' || failed) && n % 11 !== 0 && REPORTED[n % REPORTED.length]) || null,
    isLate: status === 'sent' && n % 5 < 2,
  }
})

const fixture = useQueueFixture()
let pool: pg.Pool

beforeAll(() => {
  pool = createTestPool(fixture.database.url, 4, setUpSession)
})
afterAll(() => pool.end())

async function insert(tenantId: string, messages: readonly Seeded[]): Promise<void> {
  await fixture.database.query(
    `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, reference, created_at, ended_at, failed_at, cancelled_at, possible_duplicate, problem)
     SELECT id, $1, service, CASE WHEN "endedAt" IS NOT NULL THEN status END, "to", subject, reference, at, "endedAt",
            CASE status WHEN 'failed' THEN "endedAt" END, CASE status WHEN 'cancelled' THEN "endedAt" END, "possibleDuplicate" AND "endedAt" IS NOT NULL, problem
       FROM jsonb_to_recordset($2::jsonb) AS n(id text, service text, status text, "to" jsonb, subject text, reference text, at timestamptz,
                                               "endedAt" timestamptz, "possibleDuplicate" boolean, problem jsonb)`,
    [tenantId, JSON.stringify(messages)],
  )
  await fixture.database.query(
    `INSERT INTO message_texts (message_id, tenant_id, created_at) SELECT id, tenant_id, created_at FROM messages WHERE id = ANY ($1)`,
    [messages.map(({ id }) => id)],
  )
  const waiting = messages.filter(({ endedAt }) => endedAt === null)
  await fixture.database.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome,
                                save_to_sent_items, possible_duplicate, held_because, mark_id, marked_by, marked_at)
     SELECT id, $1, CASE status WHEN 'sending' THEN 'queued' ELSE status END, CASE WHEN status <> 'held' THEN now() END, now(), 1, 'small', 0, 'retry', true,
            "possibleDuplicate", "heldBecause", CASE status WHEN 'sending' THEN 'mark' END, CASE status WHEN 'sending' THEN 'worker' END, CASE status WHEN 'sending' THEN now() END
       FROM jsonb_to_recordset($2::jsonb) AS n(id text, status text, "possibleDuplicate" boolean, "heldBecause" text)`,
    [tenantId, JSON.stringify(waiting)],
  )
}

/** Has reports switched on, and some received. */
async function report(): Promise<void> {
  await fixture.database.query('UPDATE tenant_settings SET trace_enabled = true')
  await fixture.database.query('UPDATE messages SET sent_at = mail_now() WHERE id = ANY ($1)', [
    seeded.filter(({ isLate }) => isLate).map(({ id }) => id),
  ])
  await fixture.database.query(
    `INSERT INTO message_events (tenant_id, position, at, message_id, service, type)
     SELECT tenant_id, floor(extract(epoch FROM mail_now()) * 1000000) + 1000000 + row_number() OVER (), mail_now(), id, service, 'message.sent'
       FROM messages WHERE tenant_id = $1 AND sent_at IS NOT NULL`,
    [ADA],
  )
  await fixture.database.query(
    `INSERT INTO recipient_outcomes (message_id, address, tenant_id, places, delivery, code, submitted_at, learned_at)
     SELECT m.id, lower(m."to" -> 0 ->> 'address'), m.tenant_id, 1, n.delivery, n.code, m.created_at, mail_now()
       FROM jsonb_to_recordset($1::jsonb) AS n(id text, delivery text, code text) JOIN messages m ON m.id = n.id`,
    [JSON.stringify(seeded.flatMap(({ id, reported }) => (reported ? [{ id, ...reported }] : [])))],
  )
}

const lower = (text: string) => text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ')

/** What the filter is to find, newest first. */
function expected(filter: StoredFilter, service: string | null = null): string[] {
  const is = (message: Seeded): boolean => {
    const { problem } = message
    const texts = [
      message.subject,
      message.reference ?? '',
      ...message.to.flatMap(({ address, name }) => [address, name ?? '']),
    ]
    return (
      (service === null || message.service === service) &&
      (filter.service === undefined || message.service === filter.service) &&
      (filter.status === undefined || message.status === filter.status) &&
      (filter.subject === undefined || message.subject === filter.subject) &&
      (filter.reference === undefined || message.reference === filter.reference) &&
      (filter.recipient === undefined ||
        message.to.some(({ address }) => lower(address) === lower(filter.recipient ?? ''))) &&
      (filter.submittedFrom === undefined || message.at >= filter.submittedFrom) &&
      (filter.submittedTo === undefined || message.at < filter.submittedTo) &&
      (filter.problem === undefined ||
        [problem?.code, problem?.microsoftCode, message.reported?.code, message.heldBecause].includes(filter.problem) ||
        (filter.isHeldFor === true && message.heldBecause === 'mailbox-refused')) &&
      (filter.failedFrom === undefined || (problem !== null && (message.endedAt ?? 0) >= filter.failedFrom)) &&
      (filter.failedTo === undefined || (problem !== null && (message.endedAt ?? 0) < filter.failedTo)) &&
      (filter.possibleDuplicate === undefined || message.possibleDuplicate === filter.possibleDuplicate) &&
      (filter.delivery === undefined ||
        (message.reported?.delivery ?? (message.isLate ? 'pending' : 'unknown')) === filter.delivery) &&
      (filter.search === undefined || texts.some((text) => lower(text).includes(lower(filter.search ?? ''))))
    )
  }
  return seeded
    .filter(is)
    .toSorted((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1))
    .map(({ id }) => id)
}

const at = (seconds: number) => new Date(START + seconds * 1_000)
const FILTERS: readonly StoredFilter[] = [
  {},
  { service: 'alerts' },
  { possibleDuplicate: true },
  { possibleDuplicate: true, status: 'sent' },
  { possibleDuplicate: true, status: 'queued' },
  { possibleDuplicate: false, status: 'failed' },
  { submittedFrom: at(20), submittedTo: at(60) },
  { submittedTo: at(0) },
  { failedFrom: at(40), failedTo: at(160) },
  { failedFrom: at(40), problem: 'ErrorX' },
  { failedTo: at(160), problem: 'gave-up', service: 'reports' },
  { problem: 'recipient-refused' },
  { problem: 'gave-up' },
  { problem: 'ErrorX', service: 'reports' },
  { problem: 'ErrorX', status: 'sent' },
  { problem: 'mailbox-refused' },
  { problem: 'mailbox-refused', status: 'held', service: 'alerts' },
  { problem: 'mailbox-refused', status: 'failed' },
  { problem: 'mailbox-refused', failedFrom: at(0) },
  { problem: 'mailbox-refused', delivery: 'unknown', submittedTo: at(60) },
  { problem: 'ErrorX', isHeldFor: true },
  { problem: 'ErrorX', isHeldFor: true, service: 'reports', submittedFrom: at(20) },
  { problem: 'ErrorX', isHeldFor: true, status: 'held' },
  { problem: 'ErrorX', isHeldFor: true, status: 'failed' },
  { problem: 'ErrorX', isHeldFor: true, failedFrom: at(40) },
  { delivery: 'unknown', status: 'sent' },
  { delivery: 'unknown', status: 'failed' },
  { delivery: 'pending' },
  { delivery: 'pending', service: 'alerts', submittedTo: at(60) },
  { delivery: 'pending', status: 'queued' },
  { delivery: 'delivered' },
  { delivery: 'failed' },
  { delivery: 'failed', status: 'sent', possibleDuplicate: true },
  { delivery: 'failed', status: 'failed' },
  { delivery: 'failed', problem: '5.1.10' },
  { delivery: 'failed', problem: '5.7.1' },
  { problem: '5.1.10', service: 'reports' },
  { problem: '5.1.10', status: 'sent', submittedFrom: at(20) },
  { problem: '5.1.10', status: 'failed' },
  { problem: '5.1.10', status: 'held' },
  { problem: '5.1.10', failedFrom: at(0) },
  { problem: '5.7.1', status: 'failed' },
  { problem: '5.7.1', failedFrom: at(40), delivery: 'quarantined' },
  { recipient: 'PERSON3@contoso.COM' },
  { recipient: 'person3@contoso' },
  { subject: 'Monthly report 6' },
  { subject: 'monthly report 6' },
  { reference: 'REF-7' },
  { reference: 'REF-' },
  { search: 'report' },
  { search: 'REPORT 1', status: 'sent' },
  { search: 'report', status: 'failed' },
  { search: 'contoso', service: 'alerts', status: 'held' },
  { search: 'on2@cont', submittedFrom: at(10), submittedTo: at(90) },
  { search: 'STRASSE' },
  { search: 'straße' },
  { search: 'address' },
  { search: 'name', recipient: 'person3@contoso.com' },
  { search: 'on3@', recipient: 'person3@contoso.com' },
  { search: 'ZOE' },
  { search: 'οδοσ' },
  { search: '100%' },
  { search: '%port' },
  { search: 'k_s' },
  { search: 'zoë' },
  { search: 'ZOË "3' },
  { search: '請求書' },
  { search: 'person1@contoso.comzoë' },
  { search: 'gesperrt', possibleDuplicate: true },
  { search: 'ref-1', problem: 'gave-up' },
  { search: 'report', problem: 'mailbox-refused' },
  { search: 'report', problem: 'ErrorX', isHeldFor: true },
  { search: 'report', delivery: 'failed' },
  { search: 'report', problem: '5.1.10', delivery: 'failed' },
  { search: 'report', delivery: 'pending' },
  { search: 'y re' },
  { search: 'zaca' }, // begins like the code of a space
  { search: 'nowhere at all' },
]

/** What `lower` folds differently from Unicode's full folding. */
function found(filter: StoredFilter): string[] {
  return filter.search === 'STRASSE' ? expected({ ...filter, search: 'straße' }) : expected(filter)
}

async function page(
  filter: StoredFilter,
  start: (ListPosition & { toward: Toward }) | null,
  limit: number,
  bounds: Parameters<typeof createFinder>[3] = {},
) {
  return createFinder(pool, OWNER, filter, bounds).page(start, limit, new AbortController().signal)
}

const PREPARED: Record<string, () => Promise<unknown>> = {
  'not written': async () => {},
  'written of some': async () =>
    fixture.database.query(
      `UPDATE message_texts SET searched = NULL WHERE right(message_id, 1) < '8'`,
      await writeTexts(),
    ),
  'all written': writeTexts,
  indexed: async () => {
    await writeTexts()
    await pool.query('CREATE EXTENSION IF NOT EXISTS pg_trgm')
    await makeIndex(pool, fixture.database.url, NEVER)
  },
}

async function writeTexts(): Promise<unknown[]> {
  while (await writeMissingTexts(pool));
  return []
}

async function fill(prepare: () => Promise<unknown> = writeTexts): Promise<void> {
  await fixture.database.empty('messages', 'message_events', 'message_texts')
  await fixture.database.query('DROP EXTENSION IF EXISTS pg_trgm CASCADE')
  await insert(ADA, seeded)
  await insert(
    BEN,
    seeded.slice(0, 1).map((message) => Object.assign({}, message, { id: `msg_${'f'.repeat(32)}` })),
  )
  await prepare()
  await report()
}

/** Reads all pages forth and all of them back, and checks what each says about the others. */
async function readThrough(
  filter: StoredFilter,
  bounds: Parameters<typeof createFinder>[3] = {},
): Promise<readonly string[]> {
  const total = found(filter).length
  const forth: Match[] = []
  for (let start: (ListPosition & { toward: Toward }) | null = null; ;) {
    const { matches, ...read } = await page(filter, start, PAGE, bounds)
    const hasNewer = forth.length > 0
    forth.push(...matches)
    const hasOlder = forth.length < total
    expect({ filter, ...read }).toEqual({ filter, total, totalIsEstimate: false, hasNewer, hasOlder })
    const last = matches.at(-1)
    if (!hasOlder || !last) break
    start = { ...last, toward: 'older' }
  }
  const last = forth.at(-1)
  if (!last) return []
  const back: Match[] = [last]
  for (let first = last, hasMore = true; hasMore; first = back[0] ?? last) {
    const { matches, hasNewer, hasOlder } = await page(filter, { ...first, toward: 'newer' }, PAGE, bounds)
    expect({ filter, hasOlder }).toEqual({ filter, hasOlder: true })
    back.unshift(...matches)
    hasMore = hasNewer
  }
  expect({ filter, back }).toEqual({ filter, back: forth })
  return forth.map(({ id }) => id)
}

it('finds by every filter without texts in pages, back and forth, and counts', async () => {
  await fill()
  for (const filter of FILTERS.filter((each) => !hasTextFilter(each)))
    expect({ filter, ids: await readThrough(filter) }).toEqual({ filter, ids: found(filter) })
})

it.each(Object.entries(PREPARED))(
  'finds by every filter with texts in pages, back and forth, and counts, when the texts are %s',
  async (_when, prepare) => {
    await fill(prepare)
    for (const filter of FILTERS.filter(hasTextFilter))
      for (const bounds of [{}, { comparedAtMost: -1 }])
        expect({ filter, bounds, ids: await readThrough(filter, bounds) }).toEqual({
          filter,
          bounds,
          ids: found(filter),
        })
  },
)

it('counts nothing behind a cursor where no message in a state of the queue has the code that is asked for', async () => {
  await fill()
  const filter = { status: 'held', problem: '5.1.10' } as const
  const behind = await page(filter, { at: at(1_000), id: `msg_${'f'.repeat(32)}`, toward: 'older' }, PAGE)
  expect(behind).toMatchObject({ matches: [], total: 0, totalIsEstimate: false })
})

it.each(Object.keys(PREPARED))('estimates more matches than are counted when the texts are %s', async (when) => {
  await fill(PREPARED[when])
  await fixture.database.query('ANALYZE')
  const exact = found({ search: 'CONTOSO' }).length
  const { total, totalIsEstimate } = await createFinder(pool, OWNER, { search: 'CONTOSO' }, { exactUpTo: 40 }).page(
    null,
    PAGE,
    NEVER,
  )
  expect(totalIsEstimate).toBe(true)
  expect(Math.abs(total - exact)).toBeLessThan(COUNT / 5)
})

it('estimates how many have a subject that many have', async () => {
  await fixture.database.empty('messages', 'message_texts')
  await insert(
    ADA,
    seeded.map((message, n) => (n % 3 === 0 ? Object.assign({}, message, { subject: 'Report of the day' }) : message)),
  )
  while (await writeMissingTexts(pool));
  await fixture.database.query('ANALYZE')
  const finder = createFinder(pool, OWNER, { subject: 'Report of the day' }, { exactUpTo: 10 })
  const { total, totalIsEstimate } = await finder.page(null, 5, NEVER)
  expect(totalIsEstimate).toBe(true)
  expect(Math.abs(total - COUNT / 3)).toBeLessThan(COUNT / 10)
})

describe('when its time is over', () => {
  /** Searches until a statement begins that `isLast` accepts, and time is over once those before are answered. */
  async function searchUntil(isLast: (statement: string) => boolean, filter: StoredFilter = { search: 'report' }) {
    const overtime = new AbortController()
    const bounded = Object.create(pool) as pg.Pool
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => (end = resolve))
    const earlier: Promise<unknown>[] = []
    bounded.query = (async (statement: string | pg.QueryConfig, values?: unknown[]) => {
      if (isLast(typeof statement === 'string' ? statement : statement.text)) {
        await Promise.all(earlier)
        setImmediate(() => overtime.abort())
        await ended
      }
      const answer = pool.query(statement, values)
      earlier.push(answer)
      return answer
    }) as pg.Pool['query']
    return createFinder(bounded, OWNER, filter).page(null, 3, overtime.signal).finally(end)
  }

  it('answers the page that it has, where only its matches are still being counted', async () => {
    await fill()
    const filter = { delivery: 'pending' } as const
    const read = await searchUntil((statement) => COUNTS.test(statement), filter)

    expect(read.matches.map(({ id }) => id)).toEqual(expected(filter).slice(0, 3))
    expect(read).toMatchObject({ hasOlder: true, total: 3, totalIsEstimate: true })
  })

  it('says that the database does not answer, where that is why', async () => {
    const link = await fixture.database.link()
    const hanging = createTestPool(link.url, 4, setUpSession)
    hanging.on('error', () => {})
    await hanging.query('SELECT 1')
    link.hold()
    const overtime = new AbortController()

    const given = createFinder(hanging, OWNER, { search: 'report' })
      .page(null, 3, overtime.signal)
      .catch((error: unknown) => error)
    overtime.abort()
    link.cut() // in place of the time that a statement has

    expect(outageOf(await given)).toBe('database-away')
    await hanging.end()
    await link.close()
  })

  it('gives up without a page, and says how many texts are missing', async () => {
    await fill(PREPARED['not written'])
    const given = searchUntil((statement) => COMPARES.test(statement))
    await expect(given).rejects.toBeInstanceOf(SearchTooLong)
    await expect(given).rejects.toMatchObject({ unindexed: COUNT })
  })
})

describe('where few rows may be read at once', () => {
  const BOUNDS = { sortedAtMost: 2 }
  beforeAll(() => fill())

  it.each<StoredFilter>([
    { status: 'held' },
    { status: 'queued' },
    { status: 'scheduled', submittedTo: at(60) },
    { status: 'held', service: 'alerts' },
    { problem: 'mailbox-refused' },
    { problem: 'ErrorX', isHeldFor: true, status: 'held' },
    { status: 'queued', service: 'alerts' },
    { status: 'scheduled', service: 'reports' },
    { failedFrom: at(40) },
    { failedTo: at(160), problem: 'ErrorX' },
    { delivery: 'delivered' },
    { problem: '5.1.10', service: 'reports' },
    { delivery: 'unknown', status: 'sent' },
    { delivery: 'unknown', service: 'alerts' },
    { delivery: 'unknown', submittedFrom: at(20), submittedTo: at(60) },
  ])('finds all in pages forth and back: %o', async (filter) => {
    const ids = expected(filter)
    expect(await findBothWays(filter, BOUNDS)).toEqual({ forth: ids, back: ids })
  })
})

describe('where more may match than are compared', () => {
  const BOUNDS = { exactUpTo: 2 }

  it('finds all of a search in pages forth and back', async () => {
    await fill()
    const ids = found({ search: 'report' })
    expect(await findBothWays({ search: 'report' }, BOUNDS)).toEqual({ forth: ids, back: ids })
  })

  it.each<StoredFilter>([
    { delivery: 'unknown' },
    { delivery: 'unknown', status: 'sent' },
    { delivery: 'unknown', service: 'alerts' },
    { delivery: 'unknown', submittedFrom: at(20), submittedTo: at(60) },
  ])('finds all of which nothing is known in pages forth and back: %o', async (filter) => {
    await fill()
    const ids = expected(filter)
    expect(await findBothWays(filter, BOUNDS)).toEqual({ forth: ids, back: ids })
  })
})

const NEVER = new AbortController().signal

/** Reads all pages forth, and all of them back. */
async function findBothWays(filter: StoredFilter, bounds: Parameters<typeof createFinder>[3]) {
  const finder = createFinder(pool, OWNER, filter, bounds)
  const read = (start: (ListPosition & { toward: Toward }) | null) =>
    finder.page(start, 3, new AbortController().signal)
  const forth: Match[] = []
  for (let from: ListPosition | null | undefined = null; from !== undefined;) {
    const { matches, hasOlder } = await read(from && { ...from, toward: 'older' })
    forth.push(...matches)
    from = hasOlder ? matches.at(-1) : undefined
  }
  const back: Match[] = []
  for (let from: ListPosition | undefined = { at: at(-1), id: `msg_${'0'.repeat(32)}` }; from !== undefined;) {
    const { matches, hasNewer } = await read({ ...from, toward: 'newer' })
    back.unshift(...matches)
    from = hasNewer ? matches[0] : undefined
  }
  return { forth: forth.map(({ id }) => id), back: back.map(({ id }) => id) }
}
