import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { postMultipart, type Part } from '../test-support/multipart.ts'
import { countStored, mailWith, sha256 } from '../test-support/stored-attachments.ts'
import { startUpload } from '../test-support/upload.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const KIB = 1024
const MIB = 1024 * KIB
const KEY = { 'idempotency-key': 'q3' }

const { fixture, product, service } = useProduct()
afterEach(() => fixture.database.empty('messages', 'idempotency_records'))

const post = (parts: readonly Part[], through = product) => postMultipart(through.publicUrl, service.key, parts, KEY)
const count = () => countStored(fixture.database)

it('answers the same stream again with the first message, and keeps no chunk of the second', async () => {
  const parts = mailWith([randomBytes(MIB), randomBytes(10)])
  const first = await post(parts)
  const again = await post(parts)

  expect(first.status).toBe(202)
  expect(again).toEqual(first)
  expect(await count()).toEqual({ messages: 1, chunks: 5 })
})

it('refuses other content under the same key, and keeps no chunk of it', async () => {
  const content = randomBytes(MIB)
  const first = await post(mailWith([content]))
  const other = await post(mailWith([Buffer.concat([content.subarray(0, MIB - 1), Buffer.from([1])])]))

  expect(first.status).toBe(202)
  expect(other).toMatchObject({ status: 409, json: { code: 'idempotency-key-reused' } })
  expect(await count()).toEqual({ messages: 1, chunks: 4 })
})

it('recognises a message whether it comes before or after its attachments', async () => {
  const [message, ...attachments] = mailWith([randomBytes(MIB)])
  const first = await post([message as Part, ...attachments])
  const again = await post([...attachments, message as Part])

  expect(again.json.id).toBe(first.json.id)
})

it('recognises an attachment whether it comes in JSON or as a part', async () => {
  const content = randomBytes(600 * KIB)
  const file = { filename: '0.bin', contentType: 'application/x-report', content: content.toString('base64') }
  const inside = await service.post(
    '/api/v1/messages',
    { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', attachments: [file] },
    KEY,
  )
  const beside = await post(mailWith([content]))

  expect(beside.json.id).toBe(inside.json.id)
  expect(await count()).toEqual({ messages: 1, chunks: 0 })
})

it('forgets a stream that was broken off or refused', async () => {
  const content = randomBytes(MIB)
  const broken = startUpload(product, service.key, mailWith([content]), KEY)
  await broken.send(MIB - 100)
  broken.breakOff()
  await expect.poll(count).toEqual({ messages: 0, chunks: 0 })
  const refused = await post(mailWith([content], { attachments: [{ part: 0, sha256: sha256('another') }] }))
  expect(refused.status).toBe(400)

  expect((await post(mailWith([content], { subject: 'Mended' }))).status).toBe(202)
})
