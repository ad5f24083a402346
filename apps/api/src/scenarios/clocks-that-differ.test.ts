import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startWorker } from '../test-support/scenario.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestFixture, type TestFixture, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

let fixture: TestFixture
let api: TestProduct
let service: ServiceClient

beforeAll(async () => {
  fixture = await createTestFixture()
  api = await fixture.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api)
  service = await createServiceClient(api)
})
afterAll(() => fixture.close())
beforeEach(() => fixture.database.empty('messages', 'mailbox_usage'))

/** A process whose clock is ahead of the database's. */
function ahead(minutes: number): () => Date {
  return () => new Date(Date.now() + minutes * MINUTES)
}

it('sends scheduled mail by the clock of the database, even in a process that is ten minutes ahead', async () => {
  await startWorker(fixture, { clock: ahead(10) })
  const sendAt = new Date(Date.now() + 5 * MINUTES).toISOString()
  const later = await service.submit({ subject: 'Scheduled', sendAt })
  const now = await service.submit({ subject: 'Now' })
  await service.until(now.id, { status: 'sent' })
  expect(await service.read(later.id)).toMatchObject({ status: 'scheduled', attempts: [] })

  await fixture.database.setTimeAhead(6 * MINUTES)
  await service.until(later.id, { status: 'sent' })
  await fixture.database.setTimeAhead(0)
})
