import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createTestPool } from '../test-support/test-database.ts'
import { createDeliveryGround, type DeliveryGround } from '../test-support/delivery-ground.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { answer, http } from '../test-support/scenario.ts'
import { files, RANGE_BYTES } from '../test-support/upload-ground.ts'

const MESSAGES = '/api/v1/messages'
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
