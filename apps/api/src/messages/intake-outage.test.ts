import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { countStored, mailWith } from '../test-support/stored-attachments.ts'
import { createTcpLink, type TcpLink } from '../test-support/tcp-link.ts'
import { createTestClock, MINUTES } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { startUpload } from '../test-support/upload.ts'
import { createTestQueue } from '../test-support/test-queue.ts'

const MIB = 1024 * 1024
const nothing = { messages: 0, chunks: 0 }
const clock = createTestClock()

let ground: TestGround
let link: TcpLink
let product: TestProduct
let service: ServiceClient
let pool: pg.Pool

beforeAll(async () => {
  ground = await createTestGround({ clock })
  link = await createTcpLink(Number(new URL(ground.database.url).port))
  const url = new URL(ground.database.url)
  url.port = String(link.port)
  product = await ground.startProduct({ environment: { ROLE: 'api', DATABASE_URL: url.href } })
  service = await createServiceClient(product)
  pool = createTestPool(ground.database.url)
})
afterAll(async () => {
  link.mend()
  await pool.end()
  await ground.close()
  await link.close()
})
afterEach(async () => {
  link.mend()
  await ground.database.empty('messages', 'idempotency_records')
})

const count = () => countStored(ground.database)

async function underWay(parts = mailWith([randomBytes(8 * MIB)])) {
  const upload = startUpload(product, service.key, parts, { 'idempotency-key': 'q3' })
  await upload.send(2 * MIB)
  await expect.poll(async () => (await count()).chunks).toBeGreaterThan(5)
  return upload
}

it('answers 503 when the database goes away in the middle of a part, and leaves nothing for long', async () => {
  const upload = await underWay()
  link.cut()
  await upload.send()
  const answer = await upload.answer
  link.mend()
  await clock.advance(16 * MINUTES)
  await createTestQueue(pool).upkeep.sweepReceived(clock.now())

  expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
  expect(await count()).toEqual(nothing)
})

it('answers 503 when a connection to the database breaks for a moment, and deletes at once what had arrived', async () => {
  const upload = await underWay()
  const broken = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name <> 'test' AND query LIKE '%INTO message_chunks%' AND state = 'active'`
  const release = await ground.database.lock('message_chunks')
  await upload.send(3 * MIB)
  await expect.poll(async () => (await ground.database.query(broken)).length).toBeGreaterThan(0)
  await release()
  await upload.send()

  expect(await upload.answer).toMatchObject({ status: 503, json: { code: 'unavailable' } })
  await expect.poll(count).toEqual(nothing)
})

it('takes the same message under the same key once the database is back', async () => {
  const parts = mailWith([randomBytes(8 * MIB)])
  const upload = await underWay(parts)
  link.cut()
  await upload.send()
  expect((await upload.answer).status).toBe(503)
  link.mend()

  const again = startUpload(product, service.key, parts, { 'idempotency-key': 'q3' })
  await again.send()

  expect((await again.answer).status).toBe(202)
})
