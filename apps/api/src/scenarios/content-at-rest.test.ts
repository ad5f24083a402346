import { randomBytes } from 'node:crypto'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { useProduct } from '../test-support/use-fixture.ts'
import { answer, http, switchOn } from '../test-support/scenario.ts'

const MESSAGES = '/api/v1/messages'
const DAYS = 24 * HOURS
const clock = createTestClock()

const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' }, clock })
let sweep: () => Promise<void>

beforeAll(() => {
  const retention = createTestQueue(fixture.database.pool, { contentRetentionDays: 7, logRetentionDays: 30 }).upkeep
    .deleteOld
  sweep = () => retention(clock.now())
})

beforeEach(async () => {
  await fixture.clear()
  Object.assign(service, await createServiceClient(product))
})

async function contentOf(id: string): Promise<Buffer | undefined> {
  const statement = 'SELECT content FROM message_contents WHERE message_id = $1'
  return (await fixture.database.query<{ content: Buffer }>(statement, [id]))[0]?.content
}

async function dataKeyOf(id: string): Promise<string | undefined> {
  const statement = 'SELECT data_key FROM message_contents WHERE message_id = $1'
  return (await fixture.database.query<{ data_key: string }>(statement, [id]))[0]?.data_key
}

async function dataKeys(): Promise<string[]> {
  return (await fixture.database.query<{ id: string }>('SELECT id FROM data_keys')).map(({ id }) => id)
}

async function failed(headers: Record<string, string> = {}) {
  await connectMailbox(product)
  await switchOn(fixture, http('sendMail', answer(400, 'ErrorInvalidRecipients')))
  const { id } = await service.submit({}, headers)
  return service.until(id, { status: 'failed' })
}

it('stores body, attachments, headers and reply-to only sealed', async () => {
  const attachment = randomBytes(2_000)
  const secrets = {
    html: '<p>marker-in-the-html</p>',
    text: 'marker-in-the-text',
    replyTo: ['marker-in-reply-to@contoso.com'],
    headers: { 'x-marker': 'marker-in-a-header' },
    attachments: [{ filename: 'report.bin', content: attachment.toString('base64') }],
  }
  const { id } = await service.submit(secrets)

  const everything = await fixture.database.query<{ line: string }>(
    `SELECT row_to_json(m)::text AS line FROM messages m UNION ALL SELECT row_to_json(q)::text FROM message_queue q
      UNION ALL SELECT row_to_json(c)::text FROM message_contents c UNION ALL SELECT row_to_json(a)::text FROM audit_events a`,
  )
  const content = (await contentOf(id)) ?? Buffer.alloc(0)
  const visible = everything.map(({ line }) => line).join('') + content.toString('latin1')
  expect(content.length).toBeGreaterThan(attachment.length)
  expect(visible).toContain(id)
  expect(visible).not.toContain('marker-in')
  expect(visible).not.toContain(attachment.toString('latin1').slice(0, 16))
  expect(visible).not.toContain(attachment.toString('base64').slice(0, 16))
})

it('deletes the content once it is delivered', async () => {
  await connectMailbox(product)
  const { id } = await service.submit()
  await service.until(id, { status: 'sent' })

  expect(await contentOf(id)).toBeUndefined()
})

it('keeps the content of a failed message for 7 days, so that it can be retried', async () => {
  const { id } = await failed()
  expect(await contentOf(id)).toEqual(expect.any(Buffer))

  await clock.advance(7 * DAYS - 1 * MINUTES)
  await sweep()
  expect(await contentOf(id)).toEqual(expect.any(Buffer))

  await clock.advance(2 * MINUTES)
  await sweep()
  expect(await contentOf(id)).toBeUndefined()
  expect(await service.read(id)).toMatchObject({ status: 'failed', subject: 'Q3' })
  expect((await service.post(`${MESSAGES}/${id}/retry`)).json.code).toBe('message-not-retryable')
})

it('deletes a data key two days after its hour, unless content is still sealed under it', async () => {
  const kept = await service.submit()
  const keptKey = await dataKeyOf(kept.id)
  await clock.advance(2 * HOURS)
  const cancelled = await service.submit()
  const otherKey = await dataKeyOf(cancelled.id)
  await service.post(`${MESSAGES}/${cancelled.id}/cancel`)

  await clock.advance(2 * DAYS - 1 * HOURS)
  await sweep()
  expect(await dataKeys()).toEqual(expect.arrayContaining([keptKey, otherKey]))
  await clock.advance(2 * HOURS)
  await sweep()
  expect(await dataKeys()).toEqual([keptKey])

  await connectMailbox(product)
  await service.until(kept.id, { status: 'sent' })
  const later = await service.submit()
  await service.until(later.id, { status: 'sent' })
})
