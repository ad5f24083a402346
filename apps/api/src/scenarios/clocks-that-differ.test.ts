import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { startWorker } from '../test-support/scenario.ts'
import { connectTenant, createServiceOfTenant } from '../test-support/second-tenant.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

let ground: TestGround
let api: TestProduct
let service: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  api = await ground.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api)
  service = await createServiceClient(api)
})
afterAll(() => ground.close())
beforeEach(() => ground.database.empty('messages', 'mailbox_usage'))

/** A process whose clock is ahead of the database's. */
function ahead(minutes: number): () => Date {
  return () => new Date(Date.now() + minutes * MINUTES)
}

it('sends scheduled mail by the clock of the database, even in a process that is ten minutes ahead', async () => {
  await startWorker(ground, { clock: ahead(10) })
  const sendAt = new Date(Date.now() + 5 * MINUTES).toISOString()
  const later = await service.submit({ subject: 'Scheduled', sendAt })
  const now = await service.submit({ subject: 'Now' })
  await service.until(now.id, { status: 'sent' })
  expect(await service.read(later.id)).toMatchObject({ status: 'scheduled', attempts: [] })

  await ground.database.setTimeAhead(6 * MINUTES)
  await service.until(later.id, { status: 'sent' })
  await ground.database.setTimeAhead(0)
})

it('keeps the limit of a mailbox across processes whose clocks are a minute apart', async () => {
  const environment = { MAILBOX_MESSAGES_PER_MINUTE: '12' }
  for (const minutes of [0, 1]) await startWorker(ground, { environment, clock: ahead(minutes) })
  const sent = async () =>
    (await ground.database.query(`SELECT 1 FROM messages WHERE outcome = 'sent' AND tenant_id <> 'ten_other'`)).length
  await Promise.all(Array.from({ length: 12 }, () => service.submit()))
  await expect.poll(sent).toBe(12)
  await Promise.all(Array.from({ length: 8 }, () => service.submit()))

  // Each worker looks at the queue once more, and then at another mailbox.
  await connectTenant(ground, 'ten_other', 'bob@contoso.com')
  const other = await createServiceOfTenant(ground.database, api, 'ten_other')
  for (let looks = 0; looks < 4; looks++) await other.untilEnded((await other.submit()).id)

  expect(await sent()).toBe(12)
})

it('goes on at once when the clock of the database is set back, whatever was sent by the other time', async () => {
  await startWorker(ground, { environment: { MAILBOX_MESSAGES_PER_MINUTE: '12' } })
  const sent = async () => (await ground.database.query(`SELECT FROM messages WHERE outcome = 'sent'`)).length
  await ground.database.setTimeAhead(60 * MINUTES)
  onTestFinished(() => ground.database.setTimeAhead(0))
  await Promise.all(Array.from({ length: 12 }, () => service.submit()))
  await expect.poll(sent).toBe(12)
  const waiting = await service.submit({ subject: 'Waiting' })

  await ground.database.setTimeAhead(0)
  const after = await service.submit({ subject: 'After' })

  for (const { id } of [after, waiting]) await service.until(id, { status: 'sent' })
})

it('shows when scheduled mail leaves by the clock of the database, even in a process that is ten minutes ahead', async () => {
  const other = await ground.startProduct({ environment: { ROLE: 'api' }, clock: ahead(10) })
  const sendAt = new Date(Date.now() + 5 * MINUTES).toISOString()
  const { id } = await service.submit({ sendAt })

  expect(await service.at(other).read(id)).toMatchObject({ status: 'scheduled', nextAttemptAt: sendAt })
})
