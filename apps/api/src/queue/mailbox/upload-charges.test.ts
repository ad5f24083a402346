import { beforeAll, beforeEach, expect, it } from 'vitest'
import { ADA, useQueueFixture } from '../../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'
import type { Mailboxes } from '../queue.ts'
import { UPLOAD_WINDOW } from '../usage-windows.ts'

const LIMIT_BYTES = 1_000

const fixture = useQueueFixture()
let store: Mailboxes

beforeAll(() => {
  const limits = { concurrency: 4, uploadBytesPer5Minutes: LIMIT_BYTES }
  store = createTestQueue(fixture.opened.pool, { limits }).mailboxes
})
beforeEach(() => fixture.clock.advance(10 * MINUTES))

const charge = (bytes: number) => store.chargeUpload(ADA, bytes)

it('charges what fits, and says when to ask again for what does not', async () => {
  expect(await charge(600)).toBeNull()
  expect(await charge(400)).toBeNull()
  expect(await charge(1)).toBe(UPLOAD_WINDOW.ms)
})

it('frees what was charged when five minutes have passed, and not before', async () => {
  await charge(LIMIT_BYTES)
  await fixture.clock.advance(5 * MINUTES - 1)
  expect(await charge(1)).not.toBeNull()
  await fixture.clock.advance(10 * SECONDS + 1)
  expect(await charge(1)).toBeNull()
})

it('charges more than the limit if nothing else was charged', async () => {
  expect(await charge(LIMIT_BYTES + 1)).toBeNull()
  expect(await charge(1)).not.toBeNull()
})

it('does not wait for a claim', async () => {
  const release = await fixture.database.lockAsClaim()
  expect(await charge(1)).toBeNull()
  await release()
})

it('charges nothing where there is no limit', async () => {
  const unlimited = createTestQueue(fixture.opened.pool, { limits: { concurrency: 4 } }).mailboxes
  expect(await unlimited.chargeUpload(ADA, 10 * LIMIT_BYTES)).toBeNull()
  expect(await charge(LIMIT_BYTES)).toBeNull()
})

it('keeps the smaller of two limits that were learned within a day', async () => {
  await store.learnSizeLimits(ADA, { messageBytes: 5_000 })
  await store.learnSizeLimits(ADA, { messageBytes: 7_000 })
  const rows = await fixture.database.query('SELECT message_size_limit::int FROM mailboxes WHERE tenant_id = $1', [ADA])
  expect(rows).toEqual([{ message_size_limit: 5_000 }])
})
