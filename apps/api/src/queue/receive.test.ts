import { afterAll, beforeAll, expect, it } from 'vitest'
import { ADA, createQueueGround, type QueueGround } from '../test-support/queue-ground.ts'
import { createTestPool } from '../test-support/test-database.ts'

let ground: QueueGround

beforeAll(async () => {
  ground = await createQueueGround()
})
afterAll(() => ground.close())

it('keeps no chunk that was being stored in the moment in which its message was given up', async () => {
  const { receiving } = ground.queue
  await receiving.begin({ id: 'msg_given_up', tenantId: ADA, dataKey: 'dky_1' })
  const pool = createTestPool(ground.database.url, 1)
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query(
    `INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
     SELECT message_id, 0, 0, tenant_id, mail_now(), '\\x00' FROM message_contents WHERE message_id = 'msg_given_up' FOR SHARE`,
  )
  const discarded = receiving.discard('msg_given_up')
  const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`
  await expect.poll(() => ground.database.query(waiting)).not.toEqual([])
  await client.query('COMMIT')
  client.release()
  await pool.end()
  await discarded

  expect(await ground.database.query('SELECT 1 FROM message_chunks')).toEqual([])
})

it('stores no chunk of a message that was given up', async () => {
  const place = { tenantId: ADA, messageId: 'msg_never_begun', part: 0, chunk: 0 }
  expect(await ground.queue.receiving.writeChunk(place, Buffer.alloc(1))).toBe(false)
})
