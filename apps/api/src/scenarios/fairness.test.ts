import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectTenant, createServiceOfTenant } from '../test-support/second-tenant.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'

let ground: TestGround
let product: TestProduct

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  await connectMailbox(product)
})
afterAll(() => ground.close())

async function countSent(tenant: string): Promise<number> {
  const [row] = await ground.database.query<{ sent: number }>(
    `SELECT count(*)::int AS sent FROM messages WHERE tenant_id ${tenant} AND outcome = 'sent'`,
  )
  return row?.sent ?? 0
}

it('does not delay a message of one tenant behind thousands of another', async () => {
  await ground.microsoft.control('PATCH', '/settings', { latencyMs: 50, mailboxConcurrency: null })
  await connectTenant(ground, 'ten_quiet', 'max@contoso.com')
  const quiet = await createServiceOfTenant(ground.database, product, 'ten_quiet')
  const busy = await createServiceClient(product)
  const submitSome = async () => {
    for (let index = 0; index < 30; index++) await busy.submit({ to: ['grace@contoso.com'] })
  }
  await Promise.all(Array.from({ length: 50 }, submitSome))
  const before = await countSent(`<> 'ten_quiet'`)

  const { id } = await quiet.submit()
  await quiet.until(id, { status: 'sent' })

  // The busy tenant had some rounds meanwhile, not its whole backlog of 1,500.
  expect((await countSent(`<> 'ten_quiet'`)) - before).toBeLessThan(1_000)
})

it('gives each tenant its share when there are more messages than free requests', async () => {
  await ground.microsoft.control('PATCH', '/settings', { latencyMs: 50, mailboxConcurrency: null })
  await product.close()
  const unlimited = await ground.startProduct({
    environment: { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_CONCURRENCY: '0' },
  })
  const quiet = await createServiceOfTenant(ground.database, unlimited, 'ten_quiet')
  const before = await countSent(`<> 'ten_quiet'`)

  const { id } = await quiet.submit()
  await quiet.until(id, { status: 'sent' })

  expect((await countSent(`<> 'ten_quiet'`)) - before).toBeLessThan(1_000)
})
