import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith, readStored, sha256 } from '../test-support/stored-attachments.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { startUpload } from '../test-support/upload.ts'

const MIB = 1024 * 1024
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

let ground: TestGround
let product: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(product)
})
afterAll(() => ground.close())
afterEach(() => ground.database.empty('messages'))

it('takes the large messages of 40 clients at once, each whole', async () => {
  const contents = Array.from({ length: 40 }, () => randomBytes(1.5 * MIB))
  const answers = await Promise.all(
    contents.map((content) => postMultipart(product.publicUrl, service.key, mailWith([content]))),
  )

  expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(202))
  const stored = await Promise.all(answers.map(({ json }) => readStored(ground.database, product, json.id)))
  expect(stored.map(([attachment]) => sha256(attachment?.content ?? ''))).toEqual(contents.map(sha256))
}, 90_000) // as many clients as two cores serve in half a minute

it('keeps nobody waiting for clients that stand still in the middle', async () => {
  const parts = mailWith([randomBytes(2 * MIB)])
  const still = Array.from({ length: 40 }, () => startUpload(product, service.key, parts))
  await Promise.all(still.map((upload) => upload.send(1 * MIB)))
  await expect.poll(async () => (await countStored(ground.database)).chunks).toBeGreaterThan(40)

  expect((await postMultipart(product.publicUrl, service.key, parts)).status).toBe(202)
  for (const upload of still) upload.breakOff()
  await expect.poll(() => countStored(ground.database)).toEqual({ messages: 1, chunks: 8 })
})

it('serves a client that sends a large message slowly', async () => {
  const upload = startUpload(product, service.key, mailWith([randomBytes(0.75 * MIB)]))
  for (let upTo = 30_000; upTo < upload.sizeBytes; upTo += 30_000) {
    await upload.send(upTo)
    await delay(20)
  }
  await upload.send()

  expect((await upload.answer).status).toBe(202)
})

it('takes large JSON of 40 clients at once', async () => {
  const attachments = [{ filename: 'a.bin', content: randomBytes(2.9 * MIB).toString('base64') }]
  const body = JSON.stringify({ ...MAIL, attachments })
  const answers = await Promise.all(Array.from({ length: 40 }, () => service.post('/api/v1/messages', body)))

  expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(202))
}, 90_000) // as many clients as two cores serve in half a minute

it('lets large JSON wait for that of others, and small JSON for nobody', async () => {
  const head = { 'content-type': 'application/json', 'content-length': String(5 * MIB) }
  const begun = [{ disposition: 'name="x"', content: Buffer.alloc(0.1 * MIB) }]
  const unfinished = Array.from({ length: 6 }, () => startUpload(product, service.key, begun, head))
  await Promise.all(unfinished.map((upload) => upload.send()))
  await delay(100) // they have come as far as they do
  const large = service.post('/api/v1/messages', { ...MAIL, text: 'x'.repeat(5 * MIB) })
  const first = await Promise.race([large, service.submit().then(() => 'the small one')])
  for (const upload of unfinished) upload.breakOff()

  expect(first).toBe('the small one')
  expect((await large).json.code).toBe('message-too-large')
})

it('gives the memory of large JSON back, whatever becomes of it', async () => {
  const refused = await Promise.all(
    Array.from({ length: 12 }, () => service.post('/api/v1/messages', { text: 'x'.repeat(5 * MIB) })),
  )
  const accepted = await service.submit({ text: 'x'.repeat(3 * MIB) })

  expect(refused.map(({ status }) => status)).toEqual(Array(12).fill(400))
  expect(accepted).toMatchObject({ status: 'held' })
})
