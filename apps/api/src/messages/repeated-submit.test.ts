import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../runtime/clock.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { DAYS } from '../test-support/test-clock.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { startUpload } from '../test-support/upload.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const MIB = 1024 * 1024
/** Beyond what one request may hold, so that the size of a message is refused before the room for it. */
const BOUND = 9 * MIB
const KEY = { 'idempotency-key': 'q3' }
const LATER = { sendAt: new Date(systemClock().getTime() + 30 * DAYS).toISOString() }

const { fixture, product, service } = useProduct({ environment: { ROLE: 'api', TENANT_STORAGE_BYTES: String(BOUND) } })
afterEach(() => fixture.database.empty('messages', 'idempotency_records', 'tenant_settings'))

const post = (content: Buffer, changes: object = LATER) =>
  postMultipart(product.publicUrl, service.key, mailWith([content], changes), KEY)
const count = () => countStored(fixture.database)

/** The status that a new message with this content would get. */
const withoutKey = async (content: Buffer, changes: object = LATER) =>
  (await postMultipart(product.publicUrl, service.key, mailWith([content], changes))).status

describe('a repetition is answered with the first message, although by now', () => {
  it('a mailbox is connected that takes no large attachments', async () => {
    const content = randomBytes(5 * MIB)
    const first = await post(content)
    await connectMailbox(product)

    expect(await withoutKey(content)).toBe(422)
    expect(await post(content)).toMatchObject({ status: 202, json: { id: first.json.id } })
  })

  it('another sender is configured', async () => {
    await connectMailbox(product)
    const mail = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', from: 'ada@contoso.com', ...LATER }
    const first = await service.post(MESSAGES, mail, KEY)
    await connectMailbox(product, { fromEmail: 'reports@contoso.com' })

    expect(first.status).toBe(202)
    expect((await service.post(MESSAGES, mail)).json.code).toBe('sender-not-allowed')
    expect(await service.post(MESSAGES, mail, KEY)).toMatchObject({ status: 202, json: { id: first.json.id } })
  })

  it('its own first copy fills the storage', async () => {
    const content = randomBytes(5 * MIB)
    const first = await post(content)

    expect(await withoutKey(content)).toBe(507)
    expect(await post(content)).toMatchObject({ status: 202, json: { id: first.json.id } })
  })

  it('the organisation is known to take no message of that size', async () => {
    await connectMailbox(product, { largeAttachments: true })
    const content = randomBytes(3 * MIB)
    const first = await post(content)
    await setMailbox(fixture.database, { message_size_limit: MIB, message_size_limit_at: systemClock() })

    expect(await withoutKey(content)).toBe(413)
    expect(await post(content)).toMatchObject({ status: 202, json: { id: first.json.id } })
  })
})

it('refuses other content under the key with 409, although it would be refused as a new message', async () => {
  const content = randomBytes(5 * MIB)
  await post(content)
  content[MIB] = (content[MIB] ?? 0) ^ 1

  expect(await post(content)).toMatchObject({ status: 409, json: { code: 'idempotency-key-reused' } })
  expect(await post(Buffer.alloc(10), { from: 'grace@contoso.com' })).toMatchObject({ status: 409 })
})

it('stores nothing of a repetition, not even while it arrives', async () => {
  const content = randomBytes(5 * MIB)
  const first = await post(content)
  const before = await count()
  const upload = startUpload(product, service.key, mailWith([content], LATER), KEY)
  await upload.send(4 * MIB)
  await service.submit({ ...LATER, subject: 'Meanwhile' }) // by now the product has read what was sent

  expect(await count()).toEqual({ messages: before.messages + 1, chunks: before.chunks })
  await upload.send()
  expect((await upload.answer).json.id).toBe(first.json.id)
})
