import { afterAll, beforeAll, expect, it } from 'vitest'
import { TAKE_OVER_WAITS } from '../queue/recover.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { LOOK_EVERY_MS } from '../test-support/delivery-ground.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import type { DatabaseLink } from '../test-support/test-database.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'

// Two workers lose the database, and find it again one after the other. The API always reaches it.

let ground: TestGround
let api: TestProduct
let service: ServiceClient
const links: DatabaseLink[] = []

beforeAll(async () => {
  ground = await createTestGround()
  api = await ground.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(api)
  service = await createServiceClient(api)
})
afterAll(async () => {
  for (const link of links) link.mend()
  await ground.close()
  for (const link of links) await link.close()
})

/**
 * Starts a worker that takes over from others when the product does. Returns its connection to the database.
 *
 * @param loses the text of a statement whose answer is lost
 */
async function startWorker(loses?: string): Promise<DatabaseLink> {
  const link = await ground.database.link()
  links.push(link)
  if (loses !== undefined) link.loseAnswerTo(loses)
  await ground.startProduct({
    environment: { ROLE: 'worker', DATABASE_URL: link.url, MAILBOX_MESSAGES_PER_MINUTE: '0' },
    takeOverWaits: TAKE_OVER_WAITS,
    deliveryLookEveryMs: LOOK_EVERY_MS,
  })
  return link
}

/** Waits until a worker has looked for abandoned messages once more. */
async function untilLooked(): Promise<void> {
  const [clock] = await ground.database.query<{ now: string }>('SELECT clock_timestamp()::text AS now')
  const looks = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query LIKE $1 AND query_start > $2::timestamptz`
  const values = ['%look AS MATERIALIZED%', clock?.now]
  await expect.poll(() => ground.database.query(looks, values), { interval: 5 }).not.toEqual([])
}

const arrived = async (subject: string) => (await mailsIn(ground.microsoft, subject)).length
const schedule = (subject: string, inMs: number) =>
  service.submit({ subject, sendAt: new Date(Date.now() + inMs).toISOString() })

it('sends once what one worker knows was accepted, although another finds the database first', async () => {
  const other = await startWorker()
  const before = await schedule('Before the outage', 1 * MINUTES)
  await ground.database.setTimeAhead(2 * MINUTES)
  await service.until(before.id, { status: 'sent' })
  await untilLooked()
  other.cut()
  const holder = await startWorker()
  const sending = await holdRequest(ground.microsoft, 'sendMail')
  const { id } = await service.submit({ subject: 'Accepted in the outage' })
  await sending.untilHeld()
  holder.cut()
  await sending.release()
  await expect.poll(() => arrived('Accepted in the outage')).toBe(1)
  await ground.database.setTimeAhead(10 * MINUTES) // by then the lease has run out

  other.mend()
  await untilLooked()
  expect(await service.read(id)).toMatchObject({ status: 'sending' })
  holder.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await arrived('Accepted in the outage')).toBe(1)
})

it('sends it once also where another worker is started while the database goes away', async () => {
  for (const link of links) link.cut()
  const holder = await startWorker()
  const sending = await holdRequest(ground.microsoft, 'sendMail')
  const { id } = await service.submit({ subject: 'Accepted before a start' })
  await sending.untilHeld()
  holder.cut()
  await sending.release()
  await expect.poll(() => arrived('Accepted before a start')).toBe(1)
  await ground.database.setTimeAhead(20 * MINUTES) // by then the lease has run out

  await startWorker('FROM "public"."installation"')
  for (let passedMs = 0; passedMs <= 16 * SECONDS; passedMs += 8 * SECONDS) {
    await ground.database.setTimeAhead(20 * MINUTES + passedMs)
    await untilLooked()
  }
  expect(await service.read(id)).toMatchObject({ status: 'sending' })
  holder.mend()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await arrived('Accepted before a start')).toBe(1)
})
