import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createTestPool } from '../test-support/test-database.ts'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { answer, http } from '../test-support/scenario.ts'
import { files, RANGE_BYTES } from '../test-support/upload-ground.ts'

const MESSAGES = '/api/v1/messages'
const DAYS = 24 * HOURS
/** Uploaded in two ranges, and stored in as many chunks. */
const LARGE = RANGE_BYTES + 1
const CHUNKS = 16

/** The bytes of stored content, without the readable part of messages. */
const STORED_CONTENT = 'SELECT (stored_bytes - (SELECT sum(open_bytes) FROM messages))::int AS stored FROM counters'

let ground: DeliveryGround
let pool: pg.Pool

beforeAll(async () => {
  ground = await createDeliveryGround({ mailbox: 'may be read' })
  pool = createTestPool(ground.database.url)
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})
afterEach(async () => {
  await ground.calm()
  await ground.database.empty('messages', 'mailbox_cleanups')
})

const chunks = async () => (await countStored(ground.database)).chunks
const cancel = (id: string) => ground.service.post(`${MESSAGES}/${id}/cancel`)

async function submit(changes: object = {}): Promise<string> {
  const parts = mailWith(files(LARGE), changes)
  const { status, json } = await postMultipart(ground.product.publicUrl, ground.service.key, parts)
  expect({ status, detail: json.detail }).toEqual({ status: 202, detail: undefined })
  return json.id
}

async function uploading(subject: string): Promise<string> {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const id = await submit({ subject })
  await range.untilHeld()
  expect(await ground.service.read(id)).toMatchObject({
    status: 'sending',
    progress: { sentBytes: expect.any(Number) },
  })
  return id
}

async function failed(subject: string): Promise<string> {
  await ground.switchOn(http('draft-send', answer(400, 'ErrorInvalidRecipients')), 'always')
  const id = await submit({ subject })
  await ground.service.until(id, { status: 'failed' })
  return id
}

async function scheduled(): Promise<string> {
  return submit({ sendAt: new Date(ground.clock.now().getTime() + 1 * HOURS).toISOString() })
}

async function waiting(): Promise<string> {
  await ground.switchOn(http('draft-create', answer(503, 'x')), 'always')
  const id = await submit()
  await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
  return id
}

it.each([
  ['scheduled', scheduled],
  ['waiting for its next attempt', waiting],
  ['being uploaded', () => uploading('Cancelled in the middle')],
])('frees the attachments of a message that is cancelled while it is %s', async (_state, make) => {
  const id = await make()
  expect(await chunks()).toBe(CHUNKS)

  expect(await cancel(id)).toMatchObject({ status: 200, json: { status: 'cancelled', progress: null } })

  expect(await chunks()).toBe(0)
  expect(await ground.database.query('SELECT 1 FROM message_contents WHERE message_id = $1', [id])).toEqual([])
  expect(await ground.database.query(STORED_CONTENT)).toEqual([{ stored: 0 }])
})

it('deletes the attachments of a message that is delivered', async () => {
  const id = await submit()
  await ground.service.until(id, { status: 'sent' })

  expect(await chunks()).toBe(0)
})

it('keeps the attachments of a failed message for as long as its content, and sends them when it is retried', async () => {
  const subject = 'Retried large'
  const id = await failed(subject)
  expect(await chunks()).toBe(CHUNKS)

  await ground.microsoft.control('DELETE', '/scenarios')
  expect((await ground.service.post(`${MESSAGES}/${id}/retry`)).status).toBe(200)
  await ground.service.until(id, { status: 'sent' })

  expect(await ground.arrived(subject)).toBe(1)
  expect(await chunks()).toBe(0)
})

it('deletes the attachments of failed messages when their content is deleted, however many there are', async () => {
  const id = await failed('Kept for 7 days')
  const sweep = createTestQueue(pool, { contentRetentionDays: 7, logRetentionDays: 30 }).upkeep.expire
  await ground.database.query(
    `WITH copied AS (
       INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, ended_at)
       SELECT 'msg_copy' || n, tenant_id, service, outcome, "to", subject, created_at, ended_at
         FROM messages, generate_series(1, 25) AS n WHERE id = $1 RETURNING id, tenant_id, service, created_at, ended_at
     ), unsent AS (
       INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content)
       SELECT id, tenant_id, service, 'failed', created_at, ended_at, true FROM copied
     ), contents AS (
       INSERT INTO message_contents (message_id, tenant_id, data_key, content, chunked, stored_bytes, begun_at)
       SELECT m.id, m.tenant_id, c.data_key, c.content, true, 1, m.created_at
         FROM copied m JOIN message_contents c ON c.message_id = $1
     )
     INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
     SELECT id, 0, 0, tenant_id, now(), '\\x00' FROM copied`,
    [id],
  )
  await sweep(new Date(ground.clock.now().getTime() + 7 * DAYS - 1 * MINUTES))
  expect(await chunks()).toBe(CHUNKS + 25)

  await sweep(new Date(ground.clock.now().getTime() + 7 * DAYS + 1 * MINUTES))

  expect(await countStored(ground.database)).toEqual({ messages: 26, chunks: 0 })
})

it('deletes the attachments of an expired message, even where its content would be kept longer', async () => {
  await failed('Kept for 30 days')
  const sweep = createTestQueue(pool, { contentRetentionDays: 90, logRetentionDays: 30 }).upkeep.expire

  await sweep(new Date(ground.clock.now().getTime() + 31 * DAYS))

  expect(await countStored(ground.database)).toEqual({ messages: 0, chunks: 0 })
})
