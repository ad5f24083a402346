import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import { createQueueGround, SENT, type QueueGround } from '../test-support/queue-ground.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestPool, type DatabaseLink } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { LEASE_MS } from './claim.ts'
import type { Deliveries } from './queue.ts'
import { TAKE_OVER_WAITS } from './recover.ts'

// A process that looks for abandoned messages as the product does, beside one that holds a lease.

const LOOKS_EVERY_MS = 5 * SECONDS

let ground: QueueGround
let link: DatabaseLink
let pool: pg.Pool
let deliveries: Deliveries

beforeAll(async () => {
  ground = await createQueueGround({ permissions: ['Mail.Send'] }) // a claim is an attempt at once
  link = await ground.database.link()
})
afterAll(async () => {
  await link.close()
  await ground.close()
})
beforeEach(async () => {
  await ground.clock.advance(1 * MINUTES)
  pool = createTestPool(link.url, 1)
  deliveries = createTestQueue(pool, { takeOverWaits: TAKE_OVER_WAITS }).deliveries
})
afterEach(async () => {
  await pool.end()
  await ground.database.empty('messages', 'mailbox_usage')
})

const look = async () => (await deliveries.takeOver()).abandoned

/** Returns what was taken over in the time, with a look at its beginning, at its end, and every five seconds. */
async function lookFor(ms: number): Promise<readonly string[]> {
  const found = [...(await look())]
  for (let passedMs = 0; passedMs < ms; passedMs += LOOKS_EVERY_MS) {
    await ground.clock.advance(Math.min(LOOKS_EVERY_MS, ms - passedMs))
    found.push(...(await look()))
  }
  return found
}

it('takes over from a dead worker as soon as its lease has run out', async () => {
  await lookFor(20 * SECONDS)
  const id = await ground.submit()
  await ground.claimOne('dead')

  expect(await lookFor(LEASE_MS)).toEqual([])
  await ground.clock.advance(1)
  expect(await look()).toEqual([id])
})

it('takes nothing over within ten seconds of its start', async () => {
  const id = await ground.submit()
  await ground.claimOne('dead')
  await ground.clock.advance(1 * MINUTES)

  expect(await lookFor(10 * SECONDS - 1)).toEqual([])
  await ground.clock.advance(1)
  expect(await look()).toEqual([id])
})

it('leaves the others the length of a lease to write what they know, once the database is back', async () => {
  await lookFor(20 * SECONDS)
  const [known, lost] = [await ground.submit(), await ground.submit()]
  const holds = await ground.claim(2, 'away')
  await ground.clock.advance(1 * MINUTES) // in which nobody can look

  expect(await lookFor(LEASE_MS - 1)).toEqual([])
  const sent = holds.filter(({ id }) => id === known)
  expect(await Promise.all(sent.map((message) => ground.settle(message, SENT)))).toEqual([true])
  await ground.clock.advance(1)
  expect(await look()).toEqual([lost])
  expect(await ground.read(known)).toMatchObject({ attempts: [{ outcome: 'sent' }], possibleDuplicate: false })
})

it('leaves them that time too where its look was held up on the way until the database was back', async () => {
  await lookFor(20 * SECONDS)
  await ground.submit()
  await ground.claimOne('away')
  await ground.clock.advance(LOOKS_EVERY_MS)
  link.hold()
  const heldUp = look()
  await ground.clock.advance(1 * MINUTES)
  link.mend()

  expect(await heldUp).toEqual([])
  expect(await lookFor(LEASE_MS - 1)).toEqual([])
})

it('leaves them that time too after the clock of the database was set', async () => {
  await lookFor(20 * SECONDS)
  await ground.clock.advance(-1 * MINUTES)
  const id = await ground.submit()
  await ground.claimOne('dead')
  await look()
  await ground.database.query(`UPDATE message_queue SET lease_until = mail_now() - interval '1 second'`)

  expect(await lookFor(LEASE_MS - 1)).toEqual([])
  await ground.clock.advance(1)
  expect(await look()).toEqual([id])
  await ground.clock.advance(1 * MINUTES)
})

it('gives up a renewal on a connection that went silent while there is time for another', async () => {
  const id = await ground.submit()
  const message = await ground.claimOne('holder')
  await deliveries.renew([message])
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
    link.mend()
  })
  link.hold()
  const renewal = deliveries.renew([message]).catch(String)
  await vi.advanceTimersByTimeAsync(QUICK_TIMEOUT_MS)
  expect(await renewal).toContain('timeout')
  vi.useRealTimers()
  link.mend()

  expect(await deliveries.renew([message])).toEqual(new Set([id]))
})

it('releases at once what was scheduled, and fails what has expired, while it takes nothing over', async () => {
  const now = ground.clock.now().getTime()
  const scheduled = await ground.submit({ sendAt: new Date(now + 10 * SECONDS) })
  const expires = await ground.submit({
    sendAt: new Date(now + 20 * MINUTES),
    expiresAt: new Date(now + 10 * SECONDS),
  })
  await ground.submit()
  const leased = await ground.claimOne('dead')
  await ground.clock.advance(1 * MINUTES)

  expect(await look()).toEqual([])
  expect(await deliveries.release()).toMatchObject({ expired: [{ id: expires }], moved: true })
  expect(await ground.claimOne()).toMatchObject({ id: scheduled })
  expect(await ground.read(leased.id)).toMatchObject({ status: 'sending', attempts: [] })
})
