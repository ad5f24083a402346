import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../../test-support/new-id.ts'
import { createChance } from '../../test-support/chance.ts'
import {
  ADA,
  BEN,
  createQueueFixture,
  newMessage,
  UNCONNECTED,
  type QueueFixture,
} from '../../test-support/queue-fixture.ts'
import { WRONG_COUNTERS } from '../../test-support/queue-faults.ts'
import { HOURS, SECONDS } from '../../test-support/test-clock.ts'
import { insertMessages, insertPlainMessages, type NewMessage, type StoredRow } from './insert-messages.ts'

// Two statements store messages. What the cheap one leaves out is left to the other, and both come to the same.

const BATCHES = 60
const STORAGE_BYTES = 10_000_000
const BROKEN = 'ten_broken'
const TABLES = {
  messages: 'id',
  message_contents: 'message_id',
  message_queue: 'message_id',
  counters: 'tenant_id',
  idempotency_records: 'tenant_id, service, key',
  message_events: 'message_id, type',
}

async function openSide(): Promise<QueueFixture> {
  const fixture = await createQueueFixture()
  await fixture.database.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, problem) VALUES ($1, 1, 'connected', 'eve@contoso.com', '{"code": "reconnect"}')`,
    [BROKEN],
  )
  await fixture.addDataKey('dky_2')
  return fixture
}

let plain: QueueFixture
let full: QueueFixture

beforeAll(async () => {
  plain = await openSide()
  full = await openSide()
})
afterAll(async () => {
  await plain.close()
  await full.close()
})

const claimsOf = (messages: readonly NewMessage[]) =>
  messages.flatMap(({ id, tenantId, service, idempotency }) =>
    idempotency ? [{ tenantId, service, messageId: id, ...idempotency }] : [],
  )

async function withClient<Result>(
  fixture: QueueFixture,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await fixture.opened.pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

const insertAny = (side: QueueFixture, messages: readonly NewMessage[]) =>
  withClient(side, (client) =>
    insertMessages(client, { messages, claims: claimsOf(messages), storageBytes: STORAGE_BYTES }),
  )
const insertPlain = (side: QueueFixture, messages: readonly NewMessage[]) =>
  withClient(side, (client) =>
    insertPlainMessages(client, { messages, claims: claimsOf(messages), storageBytes: STORAGE_BYTES }),
  )

/** All rows of a table. The place of an event among those of its tenant at one moment is nobody's promise. */
const rowsOf = async (fixture: QueueFixture, [table, key]: [string, string]) =>
  fixture.database.query(`SELECT to_jsonb(each) - 'position' AS row FROM ${table} AS each ORDER BY ${key}`)

/** What an answer tells of a message that was stored. */
const toldOf = (rows: Iterable<StoredRow>) =>
  new Map(
    [...rows].map(({ id, status, held_because: because, next_attempt_at: at, created_at: createdAt, sender }) => [
      id,
      { status, because, at, createdAt, sender },
    ]),
  )

it.each([1, 2, 3])('stores what the statement for any messages stores, seed %i', async (seed) => {
  const random = createChance(seed)
  const below = (count: number) => Math.floor(random() * count)
  const one = <Item>(...items: Item[]): Item => items[below(items.length)] as Item
  const now = () => full.clock.now().getTime()
  const message = (keyed: boolean): NewMessage => {
    const content = Buffer.alloc(one(100, 5_000, 70_000), below(256))
    const attachmentBytes = one(0, 0, 90_000, 4_000_000)
    const openBytes = below(300)
    const storedBytes = content.length + one(0, 0, 0, 3_000_000)
    return newMessage({
      id: newId('message'),
      tenantId: one(ADA, ADA, BEN, UNCONNECTED, BROKEN, `ten_new_${below(30)}`),
      service: one('reports', 'alerts'),
      cc: one([], [{ address: 'cc@contoso.com', name: 'Cé "C"' }]),
      recipients: 1 + below(5),
      subject: one('', 'Q3', 'Zahlen, {"}\\'),
      reference: one(null, '', 'R-1'),
      sendAt: one(null, null, new Date(now() - 1_000), new Date(now() + 60_000)),
      expiresAt: one(null, new Date(now() + HOURS)),
      priority: one('normal', 'high', 'low'),
      requestReadReceipt: one(true, false),
      requestDeliveryReceipt: one(true, false),
      onUnknownOutcome: one('retry', 'stop'),
      saveToSentItems: one(true, false),
      attachments: one([], [{ filename: 'ä.pdf', contentType: 'application/pdf', sizeBytes: 10, inline: false }]),
      attachmentBytes,
      storedBytes,
      openBytes,
      addedBytes: storedBytes + openBytes,
      dataKey: one('dky_1', 'dky_1', 'dky_1', 'dky_2', 'dky_2', one('dky_2', 'dky_gone')),
      content,
      traceparent: one(null, '00-trace'),
      idempotency: keyed ? one(null, { key: `key ${below(200)}`, contentHash: one('hash', 'other') }) : null,
    })
  }
  const stored = { all: 0, some: 0, none: 0 }
  for (let count = 0; count < BATCHES; count++) {
    const keyed = one(true, false)
    const batch = Array.from({ length: 1 + below(8) }, () => message(keyed))
    const told = new Map<string, unknown>()
    const rows = await insertPlain(plain, batch)
    stored[rows.size === batch.length ? 'all' : rows.size === 0 ? 'none' : 'some'] += 1
    const rest = await insertAny(
      plain,
      batch.filter(({ id }) => !rows.has(id)),
    )
    for (const each of [rows, rest])
      for (const [id, what] of toldOf(each.values() as Iterable<StoredRow>)) told.set(id, what)
    const expected = new Map(toldOf((await insertAny(full, batch)).values() as Iterable<StoredRow>))

    expect(told).toEqual(expected)
    const left = one<string[]>([], [], [ADA], [ADA, BEN, BROKEN])
    const passedMs = one(0, 500, 3 * SECONDS, 13 * HOURS)
    for (const fixture of [plain, full]) {
      for (const table of ['message_queue', 'message_contents'])
        await fixture.database.query(`DELETE FROM ${table} WHERE tenant_id = ANY ($1)`, [left])
      await fixture.clock.advance(passedMs)
    }
  }
  for (const table of Object.entries(TABLES)) expect(await rowsOf(plain, table)).toEqual(await rowsOf(full, table))
  expect(Math.min(...Object.values(stored))).toBeGreaterThan(0)
})

const WAITING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

/** Runs `first` in a transaction that commits once `second` waits for it, and returns the result of `second`. */
async function inBetween<Result>(
  first: (client: pg.PoolClient) => Promise<unknown>,
  second: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return withClient(plain, async (client) => {
    await client.query('BEGIN')
    await first(client)
    const result = withClient(plain, second)
    await expect.poll(() => plain.database.query(WAITING), { interval: 10 }).toHaveLength(1)
    await client.query('COMMIT')
    return result
  })
}

describe.each([
  ['the statement for plain messages', insertPlainMessages],
  ['the statement for any messages', insertMessages],
])('%s', (_which, insert) => {
  const store = async (client: pg.PoolClient, ...messages: NewMessage[]) => {
    const rows = await insert(client, { messages, claims: claimsOf(messages), storageBytes: STORAGE_BYTES })
    return messages.map(({ id }) => (rows.get(id)?.status ?? null) !== null)
  }
  let tenantId: string

  beforeEach(async () => {
    tenantId = newId('tenant')
    await withClient(plain, (client) =>
      insertMessages(client, { messages: [newMessage({ tenantId })], claims: [], storageBytes: STORAGE_BYTES }),
    )
  })

  it('leaves out what does not fit beside what another process is storing', async () => {
    const half = () => newMessage({ tenantId, storedBytes: STORAGE_BYTES / 2, addedBytes: STORAGE_BYTES / 2 })
    const small = newMessage({ tenantId })

    expect(
      await inBetween(
        (client) => store(client, half()),
        (client) => store(client, half()),
      ),
    ).toEqual([false])
    expect(await withClient(plain, (client) => store(client, small))).toEqual([true])
  })

  it('keeps the data key until what is stored under it is there', async () => {
    const dataKey = newId('dataKey')
    await plain.addDataKey(dataKey)

    await inBetween(
      (client) => store(client, newMessage({ tenantId, dataKey })),
      (client) => client.query('DELETE FROM data_keys WHERE id = $1', [dataKey]),
    )

    expect(await plain.database.query('SELECT FROM data_keys WHERE id = $1', [dataKey])).toHaveLength(1)
  })

  it('takes a message for a larger one only where more is stored than comes with it', async () => {
    const small = newMessage({ tenantId })
    const chunked = newMessage({ tenantId, storedBytes: small.content.length + 1 })

    expect(await withClient(plain, (client) => store(client, small, chunked))).toEqual([true, true])
    const stored = `SELECT chunked, size::text FROM message_contents JOIN message_queue USING (message_id) WHERE message_id = $1`
    expect(await plain.database.query(stored, [small.id])).toEqual([{ chunked: false, size: 'small' }])
    expect(await plain.database.query(stored, [chunked.id])).toEqual([{ chunked: true, size: 'medium' }])
  })

  it('takes a key for one of two messages of a batch, and none for what is not stored', async () => {
    const idempotency = { key: newId('message'), contentHash: 'hash' }
    const twice = [newMessage({ tenantId, idempotency }), newMessage({ tenantId, idempotency })]
    const lost = newMessage({ tenantId, dataKey: 'dky_gone', idempotency })

    expect(await withClient(plain, (client) => store(client, lost))).toEqual([false])
    expect((await withClient(plain, (client) => store(client, ...twice))).filter(Boolean)).toHaveLength(1)
    expect(await withClient(plain, (client) => store(client, lost, newMessage({ tenantId })))).toEqual([false, true])
  })
})

it('has triggers count what another statement of its transaction inserts', async () => {
  const tenantId = newId('tenant')
  await insertAny(plain, [newMessage({ tenantId })])

  await withClient(plain, async (client) => {
    await client.query('BEGIN')
    for (const insert of [insertPlainMessages, insertMessages, insertPlainMessages])
      await insert(client, { messages: [newMessage({ tenantId })], claims: [], storageBytes: STORAGE_BYTES })
    await client.query('COMMIT')
  })

  expect(await plain.database.query('SELECT held FROM counters WHERE tenant_id = $1', [tenantId])).toEqual([
    { held: 4 },
  ])
  expect(await plain.database.query(`${WRONG_COUNTERS} AND tenant_id = $1`, [tenantId])).toEqual([])
})
