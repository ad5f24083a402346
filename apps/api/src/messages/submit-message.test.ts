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
