import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { startUpload } from '../test-support/upload.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MIB = 1024 * 1024
const MAIL = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }

const { fixture, product, service } = useProduct()
afterEach(() => fixture.database.empty('messages'))

it('keeps nobody waiting for clients that stall', async () => {
  const parts = mailWith([randomBytes(1 * MIB)])
  const still = Array.from({ length: 40 }, () => startUpload(product, service.key, parts))
  await Promise.all(still.map((upload) => upload.send(0.75 * MIB)))
  await expect.poll(async () => (await countStored(fixture.database)).chunks).toBeGreaterThan(40)

  expect((await postMultipart(product.publicUrl, service.key, parts)).status).toBe(202)
  for (const upload of still) upload.breakOff()
  await expect.poll(() => countStored(fixture.database)).toEqual({ messages: 1, chunks: 4 })
})

it('refuses large JSON beyond the share of a service at once, and takes it when it comes again', async () => {
  const attachments = [{ filename: 'a.bin', content: randomBytes(2.9 * MIB).toString('base64') }]
  const body = JSON.stringify({ ...MAIL, attachments })
  const statuses = new Set<number>()
  async function submitUntilTaken(): Promise<void> {
    for (;;) {
      const { status, headers } = await service.post('/api/v1/messages', body)
      statuses.add(status)
      if (status === 202) return
      expect(headers.get('retry-after')).toBe('5')
    }
  }
  await Promise.all(Array.from({ length: 7 }, submitUntilTaken))

  expect(statuses).toEqual(new Set([202, 503]))
})

it('frees the memory of large JSON, whatever the answer', async () => {
  const refused = []
  for (let count = 0; count < 6; count++)
    refused.push(await service.post('/api/v1/messages', { text: 'x'.repeat(5 * MIB) }))
  const accepted = await service.submit({ text: 'x'.repeat(3 * MIB) })

  expect(refused.map(({ status }) => status)).toEqual(Array(6).fill(400))
  expect(accepted).toMatchObject({ status: 'held' })
})
