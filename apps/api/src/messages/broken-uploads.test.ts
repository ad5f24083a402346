import { randomBytes } from 'node:crypto'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { createTestClock, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { startUpload } from '../test-support/upload.ts'
import { startWorkerProcess } from '../test-support/worker-process.ts'
import type { Queue } from '../queue/queue.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const MESSAGES = '/api/v1/messages'
const MIB = 1024 * 1024
const clock = createTestClock()

const { fixture, product, service } = useProduct({ clock })
let queue: Queue

beforeAll(async () => {
  await service.submit() // makes a data key
  await fixture.database.empty('messages')
  queue = createTestQueue(fixture.database.pool, { storageBytes: 100 * MIB })
})
afterEach(() => fixture.database.empty('messages', 'idempotency_records'))

const nothing = { messages: 0, chunks: 0 }
const count = () => countStored(fixture.database)
const sweep = () => queue.upkeep.sweepReceived(clock.now())

/** Begins a request, and waits until `upTo` bytes have arrived and every full chunk of them is stored. */
async function underWay(sizeBytes = 4 * MIB, upTo = 2 * MIB, at = product) {
  const upload = startUpload(at, service.key, mailWith([randomBytes(sizeBytes)], { subject: 'Under way' }))
  await upload.send(upTo)
  // While a chunk is being stored the message is locked, and would not be swept.
  await expect.poll(async () => (await count()).chunks).toBe(upTo / (MIB / 4) - 1)
  const [row] = await fixture.database.query<{ id: string }>(
    'SELECT message_id AS id FROM message_contents WHERE content IS NULL',
  )
  if (!row) throw new Error('Nothing is being received.')
  return { upload, id: row.id }
}

it('keeps nothing of a client that breaks off in the middle of a large part', async () => {
  const { upload } = await underWay()

  upload.breakOff()

  await expect.poll(count).toEqual(nothing)
})

it('answers only once a large message is stored whole', async () => {
  const { upload } = await underWay()
  const early = await Promise.race([upload.answer, new Promise((resolve) => setTimeout(resolve, 200, 'none yet'))])
  await upload.send()
  const { status } = await upload.answer

  expect(early).toBe('none yet')
  expect(status).toBe(202)
  expect(await count()).toEqual({ messages: 1, chunks: 16 })
})

it('hides a message whose attachments are still arriving, from cancel and retry too', async () => {
  const { upload, id } = await underWay()
  const answers = await Promise.all([
    service.get(`${MESSAGES}/${id}`),
    service.post(`${MESSAGES}/${id}/cancel`),
    service.post(`${MESSAGES}/${id}/retry`),
  ])
  const list = await service.get(MESSAGES)
  const usage = await service.get('/api/v1/tenant-settings/office365-smtp/usage')
  const settings = await service.get('/api/v1/tenant-settings/office365-smtp')
  const byStatus = await service.get(`${MESSAGES}?status=receiving`)
  const metrics = await (await fetch(`${product.publicUrl}/metrics`)).text()
  upload.breakOff()

  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404])
  expect(list.json.items).toEqual([])
  expect([usage.json.waitingMessages, settings.json.waitingMessages]).toEqual([0, 0])
  expect(byStatus.status).toBe(400)
  expect(metrics).toContain('inforiver_mail')
  expect(metrics).not.toContain('receiving')
})

it('sweeps what a process killed in the middle of an upload leaves', async () => {
  const killed = await startWorkerProcess(fixture, { ROLE: 'api' })
  const upload = startUpload(killed, service.key, mailWith([randomBytes(4 * MIB)]))
  await upload.send(2 * MIB)
  await expect.poll(async () => (await count()).chunks).toBeGreaterThanOrEqual(6)
  await killed.close()
  const killedAt = clock.now().getTime()

  await queue.upkeep.sweepReceived(new Date(killedAt + 14 * MINUTES))
  expect(await count()).toMatchObject({ messages: 1 })
  await queue.upkeep.sweepReceived(new Date(killedAt + 15 * MINUTES + 1 * SECONDS))
  expect(await count()).toEqual(nothing)
})

it('does not sweep a message whose chunks still arrive', async () => {
  const { upload } = await underWay(6 * MIB, 1 * MIB)
  for (const megabytes of [2, 3, 4]) {
    await clock.advance(10 * MINUTES)
    await upload.send(megabytes * MIB)
    // A chunk that is being stored would protect the message by itself, so wait until none is.
    await expect.poll(async () => (await count()).chunks).toBe(4 * megabytes - 1)
    await sweep()
  }
  await upload.send()

  expect((await upload.answer).status).toBe(202)
})

it('tells a client whose message was swept to send it again', async () => {
  const { upload } = await underWay()
  await clock.advance(16 * MINUTES)
  await sweep()

  await upload.send()

  expect(await upload.answer).toMatchObject({
    status: 503,
    json: { code: 'unavailable', detail: expect.stringContaining('too slowly') },
  })
  expect(await count()).toEqual(nothing)
})
