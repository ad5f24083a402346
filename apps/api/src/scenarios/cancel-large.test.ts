import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createTestPool } from '../test-support/test-database.ts'
import { createDeliveryFixture, type DeliveryFixture } from '../test-support/delivery-fixture.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { answer, http } from '../test-support/scenario.ts'
import { files, RANGE_BYTES } from '../test-support/upload-fixture.ts'

const MESSAGES = '/api/v1/messages'
/** Uploaded in two ranges, and stored in as many chunks. */
const LARGE = RANGE_BYTES + 1
const CHUNKS = 16

/** The bytes of stored content, without the readable part of messages. */
const STORED_CONTENT = 'SELECT (stored_bytes - (SELECT sum(open_bytes) FROM messages))::int AS stored FROM counters'

let fixture: DeliveryFixture
let pool: pg.Pool

beforeAll(async () => {
  fixture = await createDeliveryFixture({ mailbox: 'may be read' })
  pool = createTestPool(fixture.database.url)
})
afterAll(async () => {
  await pool.end()
  await fixture.close()
})
afterEach(async () => {
  await fixture.calm()
  await fixture.database.empty('messages', 'mailbox_cleanups')
})

const chunks = async () => (await countStored(fixture.database)).chunks
const cancel = (id: string) => fixture.service.post(`${MESSAGES}/${id}/cancel`)

async function submit(changes: object = {}): Promise<string> {
  const parts = mailWith(files(LARGE), changes)
  const { status, json } = await postMultipart(fixture.product.publicUrl, fixture.service.key, parts)
  expect({ status, detail: json.detail }).toEqual({ status: 202, detail: undefined })
  return json.id
}

async function uploading(subject: string): Promise<string> {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const id = await submit({ subject })
  await range.untilHeld()
  expect(await fixture.service.read(id)).toMatchObject({
    status: 'sending',
    progress: { sentBytes: expect.any(Number) },
  })
  return id
}

async function scheduled(): Promise<string> {
  return submit({ sendAt: new Date(fixture.clock.now().getTime() + 1 * HOURS).toISOString() })
}

async function waiting(): Promise<string> {
  await fixture.switchOn(http('draft-create', answer(503, 'x')), 'always')
  const id = await submit()
  await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unavailable' }] })
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
  expect(await fixture.database.query('SELECT 1 FROM message_contents WHERE message_id = $1', [id])).toEqual([])
  expect(await fixture.database.query(STORED_CONTENT)).toEqual([{ stored: 0 }])
})
