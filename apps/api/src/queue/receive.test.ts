import { afterAll, beforeAll, expect, it } from 'vitest'
import { ADA, createQueueGround, type QueueGround } from '../test-support/queue-ground.ts'

let ground: QueueGround

beforeAll(async () => {
  ground = await createQueueGround()
})
afterAll(() => ground.close())

it('stores no chunk of a message that was given up', async () => {
  const place = { tenantId: ADA, messageId: 'msg_never_begun', part: 0, chunk: 0 }
  expect(await ground.queue.receiving.writeChunk(place, Buffer.alloc(1))).toBe(false)
})
