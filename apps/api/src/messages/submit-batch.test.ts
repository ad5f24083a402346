import { expect, it } from 'vitest'
import { createTestClock } from '../test-support/test-clock.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const BATCH = '/api/v1/messages/batch'
const BOUND = 2 * 1024 * 1024
const environment = { ROLE: 'api', TENANT_STORAGE_BYTES: String(BOUND) }

const { fixture, service } = useProduct({ mailbox: {}, clock: createTestClock(), environment })

const mail = (subject: string, changes: object = {}) => ({
  to: ['max@contoso.com'],
  subject,
  text: 'Numbers.',
  ...changes,
})
const mails = (count: number, changes: object = {}) =>
  Array.from({ length: count }, (_, index) => mail(`Q${index}`, changes))
const post = (messages: unknown, key?: string) =>
  service.post(BATCH, { messages }, key === undefined ? {} : { 'idempotency-key': key })
const count = async () => (await fixture.database.query('SELECT 1 FROM messages')).length

it('accepts 100 messages in order, each as a read returns it', async () => {
  const before = await count()
  const later = { sendAt: '2027-10-01T00:00:00.000Z' }
  const { status, json, headers } = await post(mails(100, later))

  expect(status).toBe(202)
  expect(json.items.map(({ subject }: { subject: string }) => subject)).toEqual(
    mails(100).map(({ subject }) => subject),
  )
  expect(json.items[99]).toEqual(await service.read(json.items[99].id))
  expect(headers.get('idempotency-replayed')).toBeNull()
  expect(await count()).toBe(before + 100)
})

it('lets no batch overtake what the same service has submitted before it', async () => {
  const first = await service.post('/api/v1/messages', mail('first', { reference: 'before' }))
  const second = await post(mails(100, { reference: 'before' }))
  const third = await post(mails(100, { reference: 'before' }))
  const ids = [first.json, ...second.json.items, ...third.json.items].map(({ id }: { id: string }) => id)

  const due = await fixture.database.query<{ id: string }>(
    'SELECT message_id AS id FROM message_queue WHERE message_id = ANY ($1) ORDER BY due_at',
    [ids],
  )
  expect(due.map(({ id }) => id)).toEqual(ids)
})

it('stores none of 100 messages when one is refused, and lists every fault by path', async () => {
  const before = await count()
  const messages = mails(100)
  messages[3] = mail('Third', { to: ['max', 'max@contoso.com'], from: 'other@contoso.com' })
  messages[98] = mail('Late', { expiresAt: '2020-01-01T00:00:00Z' })

  const { status, json } = await post(messages)

  expect({ status, code: json.code }).toEqual({ status: 400, code: 'invalid-input' })
  expect(json.errors.map(({ path }: { path: string }) => path)).toEqual(['messages[3].to[0]', 'messages[98].expiresAt'])
  expect(await count()).toBe(before)
})

it('answers as the first refused message alone would be', async () => {
  const { status, json } = await post([
    mail('Fine'),
    mail('Other sender', { from: 'other@contoso.com' }),
    mail('Empty', { subject: '', text: '' }),
    mail('Part', { attachments: [{ part: 0 }] }),
  ])

  expect({ status, code: json.code }).toEqual({ status: 422, code: 'sender-not-allowed' })
  expect(json.errors).toMatchObject([
    { path: 'messages[1].from', message: expect.stringContaining('ada@contoso.com only') },
    { path: 'messages[2]', message: expect.stringContaining('empty') },
    { path: 'messages[3].attachments[0].part', message: expect.any(String) },
  ])
})

it.each<[string, unknown, string]>([
  ['no messages', [], 'messages'],
  ['101 messages', mails(101), 'messages'],
  ['no list', 'all', 'messages'],
  ['nothing', undefined, 'messages'],
  ['something else', [42], 'messages[0]'],
])('refuses a batch of %s', async (_what, messages, path) => {
  const { status, json } = await post(messages)

  expect({ status, path: json.errors[0].path }).toEqual({ status: 400, path })
})

it('answers a repeated batch with the same messages as they stand', async () => {
  const first = await post(mails(3), 'again')
  await service.post(`/api/v1/messages/${first.json.items[1].id}/cancel`)

  const again = await post(mails(3), 'again')

  expect(again.status).toBe(202)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.json.items.map(({ id }: { id: string }) => id)).toEqual(
    first.json.items.map(({ id }: { id: string }) => id),
  )
  expect(again.json.items[1]).toMatchObject({ status: 'cancelled' })
})

it('refuses other messages under the key of a batch, and a batch under the key of a message', async () => {
  await post(mails(1), 'batch')
  await service.submit(mail('Q0'), { 'idempotency-key': 'single' })
  const single = await service.post('/api/v1/messages', mail('Q0'), { 'idempotency-key': 'batch' })
  const answers = [await post(mails(2), 'batch'), single, await post(mails(1), 'single')]

  expect(answers.map(({ status, json }) => [status, json.code])).toEqual(
    answers.map(() => [409, 'idempotency-key-reused']),
  )
  expect((await post(mails(1), 'not ascii: é')).json.errors).toMatchObject([{ path: 'Idempotency-Key' }])
})

it('takes a batch with as many recipients as its messages may have, and no body over 6 MiB', async () => {
  const people = (message: number) =>
    Array.from({ length: 500 }, (_, index) => ({ address: `a${index}@c.example`, name: `${message}` }))
  const most = Array.from({ length: 100 }, (_, index) => ({ to: people(index), subject: '', text: 'x' }))

  expect((await post(most)).status).toBe(507) // it is valid, and too much for the storage
  expect(await service.post(BATCH, { messages: [mail('Large', { text: 'x'.repeat(6 * 1024 * 1024) })] })).toMatchObject(
    {
      status: 413,
      json: { code: 'message-too-large' },
    },
  )
})
