import { expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { createTestClock, HOURS, SECONDS } from '../test-support/test-clock.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const MAIL = {
  to: ['max@contoso.com'],
  subject: 'Q3',
  text: 'Numbers.',
  headers: { 'x-a': '1', 'x-b': '2' },
  reference: 'r',
  sendAt: '2026-12-01T06:00:00Z',
}
const clock = createTestClock()

const { product, service } = useProduct({ clock })

const post = (key: string, mail: object = MAIL, client = service) =>
  client.post(MESSAGES, mail, { 'idempotency-key': key.replaceAll(' ', '-') })

it('names the URL of the message, and marks a repetition', async () => {
  const first = await post('address')
  const again = await post('address')

  expect(first.headers.get('location')).toBe(`${MESSAGES}/${first.json.id}`)
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  expect(again.headers.get('location')).toBe(`${MESSAGES}/${first.json.id}`)
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect((await service.get(`${again.headers.get('location')}`)).json.id).toBe(first.json.id)
})

it('names the URL of a test mail', async () => {
  await connectMailbox(product)
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  const sent = await ada.call('POST', '/api/v1/tenant-settings/office365-smtp/test-message', {})

  expect(sent.headers.get('location')).toBe(`${MESSAGES}/${sent.json.messageId}`)
})

it('answers a repetition with the first message although its sendAt and expiresAt have long passed', async () => {
  const at = (ms: number) => new Date(clock.now().getTime() + ms).toISOString()
  const mail = { ...MAIL, sendAt: at(60 * SECONDS), expiresAt: at(61 * SECONDS) }
  const first = await post('past', mail)
  await clock.advance(1 * HOURS)

  expect((await post('past', mail)).json.id).toBe(first.json.id)
  expect((await post('past again', mail)).json).toMatchObject({
    status: 400,
    errors: [{ path: 'sendAt' }, { path: 'expiresAt' }],
  })
})

it('answers a repeated key with the current state of the first message', async () => {
  const first = await post('as it stands')
  await service.post(`${MESSAGES}/${first.json.id}/cancel`)

  const again = await post('as it stands')

  expect(again.status).toBe(202)
  expect(again.json).toMatchObject({ id: first.json.id, status: 'cancelled' })
})

it.each<[string, object]>([
  ['in another order of fields', Object.fromEntries(Object.entries(MAIL).toReversed())],
  ['in another order of headers', { ...MAIL, headers: { 'x-b': '2', 'x-a': '1' } }],
  ['with the defaults spelled out', { ...MAIL, cc: [], priority: 'normal', requestReadReceipt: false }],
  ['with recipients as objects', { ...MAIL, to: [{ address: 'max@contoso.com' }] }],
  ['with the same time in another zone', { ...MAIL, sendAt: '2026-12-01T07:00:00+01:00' }],
])('recognises the same content %s', async (what, mail) => {
  const first = await post(what)

  expect((await post(what, mail)).json.id).toBe(first.json.id)
})

it.each<[string, object]>([
  ['subject', { subject: 'Q4' }],
  ['recipient', { to: ['grace@contoso.com'] }],
  ['name of a recipient', { to: [{ address: 'max@contoso.com', name: 'Max' }] }],
  ['body', { text: 'Other numbers.' }],
  ['header', { headers: { 'x-a': '1' } }],
  ['attachment', { attachments: [{ filename: 'a', content: 'YQ==' }] }],
  ['time', { sendAt: '2026-12-01T06:00:01Z' }],
  ['reference', { reference: 's' }],
  ['importance', { importance: 'high' }],
  ['priority', { priority: 'high' }],
  ['end', { expiresAt: '2026-12-02T06:00:00Z' }],
  ['read receipt', { requestReadReceipt: true }],
  ['delivery receipt', { requestDeliveryReceipt: true }],
  ['wish for Sent Items', { saveToSentItems: false }],
  ['wish for unknown outcomes', { onUnknownOutcome: 'stop' }],
])('refuses a key that belongs to a message with another %s', async (what, change) => {
  await post(`another ${what}`)

  const { status, json } = await post(`another ${what}`, { ...MAIL, ...change })

  expect(status).toBe(409)
  expect(json.code).toBe('idempotency-key-reused')
})

it('compares the parts of a multipart message by content and name', async () => {
  const send = async (content: string, filename = 'a.txt') => {
    const parts = [
      { disposition: 'name="message"', content: JSON.stringify(MAIL) },
      { disposition: `name="attachment"; filename="${filename}"`, content },
    ]
    return postMultipart(product.publicUrl, service.key, parts, { 'idempotency-key': 'parts' })
  }
  const first = await send('content')

  expect((await send('content')).json.id).toBe(first.json.id)
  expect((await send('other')).status).toBe(409)
  expect((await send('content', 'b.txt')).status).toBe(409)
})

it('keeps a key for 24 hours', async () => {
  const first = await post('a-day')

  await clock.advance(24 * HOURS - 1 * SECONDS)
  expect((await post('a-day')).json.id).toBe(first.json.id)

  await clock.advance(2 * SECONDS)
  const later = await post('a-day', { ...MAIL, subject: 'Another day' })
  expect(later.status).toBe(202)
  expect(later.json.id).not.toBe(first.json.id)
})

it('keeps the keys of services apart', async () => {
  const clients = [service, await createServiceClient(product, { name: 'alerts' })]

  const answers = await Promise.all(clients.map((client) => post('shared', MAIL, client)))

  expect(answers.map(({ status }) => status)).toEqual([202, 202])
  expect(new Set(answers.map(({ json }) => json.id)).size).toBe(2)
})

it('keeps keys when the service key is rotated', async () => {
  const renewed = await createServiceClient(product)
  const first = await post('rotated')

  expect((await post('rotated', MAIL, renewed)).json.id).toBe(first.json.id)
})
