import type pg from 'pg'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { withClient } from '../../database/transaction.ts'
import { newId } from '../../test-support/new-id.ts'
import { ADA, createQueueFixture, newMessage } from '../../test-support/queue-fixture.ts'
import { untilSomethingWaits } from '../../test-support/scenario.ts'
import { insertMessages, type NewBatch, type NewMessage } from './insert-messages.ts'

const STORAGE_BYTES = 10_000_000

const fixture = await createQueueFixture()
const { pool } = fixture.opened
afterAll(() => fixture.close())
/** Has something stored. */
let tenantId: string
beforeEach(async () => {
  tenantId = newId('tenant')
  await fixture.submit({ tenantId })
})

/** A batch of one message. */
const single = (changes: Partial<NewMessage> = {}, idempotency: NewBatch['idempotency'] = null): NewBatch => ({
  messages: [newMessage({ tenantId, ...changes })],
  idempotency,
})

/** Returns why each batch is refused, or 'stored'. */
async function store(client: pg.ClientBase, ...batches: NewBatch[]): Promise<string[]> {
  const inserted = await insertMessages(client, batches, STORAGE_BYTES)
  return inserted.map((each) => (each && 'refused' in each ? each.refused : 'stored'))
}

const storeAlone = (...batches: NewBatch[]) => withClient(pool, (client) => store(client, ...batches))

/** Runs `first` in a transaction that commits once `second` waits for it, and returns the result of `second`. */
async function inBetween<Result>(
  first: (client: pg.ClientBase) => Promise<unknown>,
  second: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> {
  return withClient(pool, async (client) => {
    await client.query('BEGIN')
    await first(client)
    const result = withClient(pool, second)
    await untilSomethingWaits(fixture)
    await client.query('COMMIT')
    return result
  })
}

it('keeps the data key until what is stored under it is there', async () => {
  const dataKey = newId('dataKey')
  await fixture.addDataKey(dataKey)

  await inBetween(
    (client) => store(client, single({ dataKey })),
    (client) => client.query('DELETE FROM data_keys WHERE id = $1', [dataKey]),
  )

  expect(await fixture.database.query('SELECT FROM data_keys WHERE id = $1', [dataKey])).toHaveLength(1)
})

it('takes a message for a larger one only where more is stored than comes with it', async () => {
  const small = single()
  const chunked = single({ storedBytes: small.messages[0].content.length + 1 })

  expect(await storeAlone(small, chunked)).toEqual(['stored', 'stored'])
  const stored = `SELECT chunked, size::text FROM message_contents JOIN message_queue USING (message_id) WHERE message_id = $1`
  expect(await fixture.database.query(stored, [small.messages[0].id])).toEqual([{ chunked: false, size: 'small' }])
  expect(await fixture.database.query(stored, [chunked.messages[0].id])).toEqual([{ chunked: true, size: 'medium' }])
})

it('takes a key for one of two that come at once, and none for what is not stored', async () => {
  const idempotency = { key: newId('message'), contentHash: 'hash' }
  const lost = single({ dataKey: 'dky_gone' }, idempotency)

  expect(await storeAlone(lost)).toEqual(['data-key-gone'])
  expect(await storeAlone(single({}, idempotency), single({}, idempotency))).toEqual(['stored', 'key-taken'])
  expect(await storeAlone(lost, single())).toEqual(['data-key-gone', 'stored'])
})

it('stores a batch whole or not at all, in its order and after what was submitted before, beside others', async () => {
  const three = ['one', 'two', 'three'].map((subject) => newMessage({ service: 'batches', subject }))
  const [first, ...others] = three as [NewMessage, NewMessage, NewMessage]
  const before = single({ tenantId: ADA, service: 'batches', subject: 'before' })
  const broken: NewBatch = {
    messages: [newMessage({ tenantId }), newMessage({ tenantId, dataKey: 'dky_gone' })],
    idempotency: null,
  }

  await fixture.submit()
  await storeAlone(before)
  await fixture.clock.advance(1)
  expect(await storeAlone(single(), { messages: [first, ...others], idempotency: null }, broken)).toEqual([
    'stored',
    'stored',
    'data-key-gone',
  ])
  const inOrder = `SELECT m.subject FROM message_queue q JOIN messages m ON m.id = q.message_id WHERE q.service = 'batches' ORDER BY q.due_at`
  expect(await fixture.database.query(inOrder)).toEqual(
    ['before', 'one', 'two', 'three'].map((subject) => ({ subject })),
  )
  expect(await fixture.database.query('SELECT FROM messages WHERE tenant_id = $1', [tenantId])).toHaveLength(2)
})
