import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestClock, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestGround, type TestGround } from '../test-support/test-product.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import type { Mailboxes } from './queue.ts'

const LIMIT_BYTES = 1_000
/** Five minutes, and the ten seconds that bytes are counted in. */
const WINDOW_MS = 310 * SECONDS
const clock = createTestClock()

let ground: TestGround
let pool: pg.Pool
let store: Mailboxes
let tenant: string

beforeAll(async () => {
  ground = await createTestGround({ clock })
  await ground.startProduct({ environment: { ROLE: 'api' } })
  pool = createTestPool(ground.database.url)
  store = createTestQueue(pool, { limits: { concurrency: 4, uploadBytesPer5Minutes: LIMIT_BYTES } }).mailboxes
  const [row] = await ground.database.query<{ id: string }>('SELECT id FROM tenants')
  tenant = row?.id ?? ''
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})
beforeEach(() => clock.advance(10 * MINUTES))

const charge = (bytes: number) => store.chargeUpload(tenant, bytes)

it('charges what fits, and says when to ask again for what does not', async () => {
  expect(await charge(600)).toBeNull()
  expect(await charge(400)).toBeNull()
  expect(await charge(1)).toBe(WINDOW_MS)
})

it('never charges more than the limit, however many ask at once', async () => {
  const charged = await Promise.all(Array.from({ length: 40 }, () => charge(90)))
  expect(charged.filter((until) => until === null)).toHaveLength(11)
})

it('frees what was charged when five minutes have passed, and not before', async () => {
  await charge(LIMIT_BYTES)
  await clock.advance(5 * MINUTES - 1)
  expect(await charge(1)).not.toBeNull()
  await clock.advance(10 * SECONDS + 1)
  expect(await charge(1)).toBeNull()
})

it('lets through by itself what is larger than the limit', async () => {
  expect(await charge(LIMIT_BYTES + 1)).toBeNull()
  expect(await charge(1)).not.toBeNull()
})

it('waits for nobody who is looking at the mailbox, such as a claim', async () => {
  const release = await ground.database.lockMailbox(tenant)
  expect(await charge(1)).toBeNull()
  await release()
})

it('charges nothing where there is no limit', async () => {
  const unlimited = createTestQueue(pool, { limits: { concurrency: 4 } }).mailboxes
  expect(await unlimited.chargeUpload(tenant, 10 * LIMIT_BYTES)).toBeNull()
  expect(await charge(LIMIT_BYTES)).toBeNull()
})

it('keeps the smaller of two limits that were learned within a day', async () => {
  await store.learnSizeLimit(tenant, 5_000)
  await store.learnSizeLimit(tenant, 7_000)
  const rows = await ground.database.query('SELECT message_size_limit::int FROM mailboxes WHERE tenant_id = $1', [
    tenant,
  ])
  expect(rows).toEqual([{ message_size_limit: 4_999 }])
})
