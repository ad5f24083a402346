import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectTenant, createServiceOfTenant } from '../test-support/second-tenant.ts'
import { http, untilMet } from '../test-support/scenario.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

/** How many messages a process sends at once. */
const MAX_IN_FLIGHT = 192
/** How many are submitted at once. */
const AT_ONCE = 10

let ground: TestGround
let product: TestProduct
let busy: ServiceClient
let quiet: ServiceClient

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  await connectMailbox(product)
  await connectTenant(ground, 'ten_quiet', 'max@contoso.com')
  await ground.microsoft.control('PATCH', '/settings', { mailboxConcurrency: null })
  busy = await createServiceClient(product)
  quiet = await createServiceOfTenant(ground.database, product, 'ten_quiet')
})
afterAll(() => ground.close())

/** Submits messages of the busy tenant; Graph does not answer those that are sent before the returned function is called. */
async function submitBusy(count: number, sentAtOnce: number): Promise<() => Promise<void>> {
  const effect = http('any-send', { action: 'delay', delayMs: 600_000 })
  const { id } = await ground.microsoft.control('POST', '/scenarios', { effect, times: sentAtOnce })
  const submit = () => busy.submit({ to: ['grace@contoso.com'] })
  for (let submitted = 0; submitted < count; submitted += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, submit))
  await untilMet(ground)
  return () => ground.microsoft.control('DELETE', `/scenarios/${id}`)
}

/** How many messages of the busy tenant were sent before the quiet one's. */
async function countSentBefore(id: string): Promise<number> {
  const [row] = await ground.database.query<{ sent: number }>(
    `SELECT count(*)::int AS sent FROM messages
      WHERE tenant_id <> 'ten_quiet' AND sent_at < (SELECT sent_at FROM messages WHERE id = $1)`,
    [id],
  )
  return row?.sent ?? 0
}

it('does not delay a message of one tenant behind thousands of another', async () => {
  const release = await submitBusy(10, 4)
  await ground.database.query(
    `INSERT INTO message_queue
     SELECT (jsonb_populate_record(NULL::message_queue, to_jsonb(first) || jsonb_build_object('message_id', 'msg_copy_' || number))).*
       FROM (SELECT * FROM message_queue WHERE lease_owner IS NULL LIMIT 1) AS first, generate_series(1, 3000) AS number`,
  )

  const { id } = await quiet.submit()
  await quiet.until(id, { status: 'sent' })

  expect(await countSentBefore(id)).toBe(0)
  await ground.database.query(`DELETE FROM message_queue WHERE message_id LIKE 'msg_copy_%'`)
  await release()
})

it('gives each tenant its share when there are more messages than free requests', async () => {
  await product.close()
  await ground.database.empty('messages')
  const environment = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_CONCURRENCY: '0' }
  const unlimited = await ground.startProduct({ environment })
  ;[busy, quiet] = [busy.at(unlimited), quiet.at(unlimited)]
  const release = await submitBusy(400, MAX_IN_FLIGHT)

  const { id } = await quiet.submit()
  await release()
  await quiet.until(id, { status: 'sent' })

  // Besides what was under way, the busy tenant had half of the free requests meanwhile, not its whole backlog.
  expect(await countSentBefore(id)).toBeLessThan(350)
})
