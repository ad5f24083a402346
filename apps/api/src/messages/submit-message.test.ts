import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

let ground: TestGround
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct()
  await connectMailbox(product)
  service = await createServiceClient(product)
})
afterAll(() => ground.close())

const MINIMAL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

it('delivers a message that a service submitted', async () => {
  const submitted = await service.post('/api/v1/messages', MINIMAL)

  expect(submitted.status).toBe(202)
  expect(submitted.json).toMatchObject({
    status: 'queued',
    from: 'ada@contoso.com',
    to: [{ address: 'max@contoso.com' }],
    attempts: [],
  })
  const sent = await service.untilEnded(submitted.json.id)
  expect(sent).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent' }], problem: null })
})

it('names every fault at once, by path', async () => {
  const refused = await service.post('/api/v1/messages', {
    to: ['nobody', { address: 'a@b.example', name: 'x\r\nBcc: y@z.example' }],
    subject: 'a\nb',
    headers: { 'X-MS-Test': '1' },
    attachments: [{ filename: 'a', content: '%%%' }],
    extra: 1,
  })

  expect(refused.status).toBe(400)
  expect(refused.json.errors.map((fault: { path: string }) => fault.path).toSorted()).toEqual(
    ['attachments[0].content', 'extra', 'headers.X-MS-Test', 'html', 'subject', 'to[0]', 'to[1].name'].toSorted(),
  )
})

it('answers a repeated key with the first message, and another content with a conflict', async () => {
  const headers = { 'idempotency-key': 'report-42' }
  const first = await service.post('/api/v1/messages', MINIMAL, headers)
  const again = await service.post(
    '/api/v1/messages',
    { text: 'Numbers.', subject: 'Q3', to: ['max@contoso.com'] },
    headers,
  )
  const other = await service.post('/api/v1/messages', { ...MINIMAL, subject: 'Q4' }, headers)

  expect(again.status).toBe(202)
  expect(again.json.id).toBe(first.json.id)
  expect(other.status).toBe(409)
  expect(other.json.code).toBe('idempotency-key-reused')
})

it('takes a key once when it comes ten times at the same moment, through two processes', async () => {
  const second = await ground.startProduct()
  const elsewhere = service.at(second)
  const headers = { 'idempotency-key': 'at-once' }
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? service : elsewhere).post('/api/v1/messages', MINIMAL, headers),
    ),
  )

  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202))
  expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
  await second.close()
})
