import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import { createQueueFixture, SENT, type QueueFixture } from '../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestPool, type DatabaseLink } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { LEASE_MS } from './claim.ts'
import type { Deliveries } from './queue.ts'
import { TAKE_OVER_WAITS } from './recover.ts'

// A process that looks for abandoned messages as the product does, beside one that holds a lease.

const LOOKS_EVERY_MS = 5 * SECONDS

let fixture: QueueFixture
let link: DatabaseLink
let pool: pg.Pool
let deliveries: Deliveries

beforeAll(async () => {
  fixture = await createQueueFixture({ permissions: ['Mail.Send'] }) // a claim is an attempt at once
  link = await fixture.database.link()
})
afterAll(async () => {
  await link.close()
  await fixture.close()
})
beforeEach(async () => {
  await fixture.clock.advance(1 * MINUTES)
  pool = createTestPool(link.url, 1)
  deliveries = createTestQueue(pool, { takeOverWaits: TAKE_OVER_WAITS }).deliveries
})
afterEach(async () => {
  await pool.end()
  await fixture.database.empty('messages', 'mailbox_usage')
})

const look = async () => (await deliveries.takeOver()).abandoned

/** Returns what was taken over in the time, with a look at its beginning, at its end, and every five seconds. */
async function lookFor(ms: number): Promise<readonly string[]> {
  const found = [...(await look())]
  for (let passedMs = 0; passedMs < ms; passedMs += LOOKS_EVERY_MS) {
    await fixture.clock.advance(Math.min(LOOKS_EVERY_MS, ms - passedMs))
    found.push(...(await look()))
  }
  return found
}

it('takes over from a dead worker as soon as its lease has run out', async () => {
  await lookFor(20 * SECONDS)
  const id = await fixture.submit()
  await fixture.claimOne('dead')

  expect(await lookFor(LEASE_MS)).toEqual([])
  await fixture.clock.advance(1)
  expect(await look()).toEqual([id])
})

it('takes nothing over within ten seconds of its start', async () => {
  const id = await fixture.submit()
  await fixture.claimOne('dead')
  await fixture.clock.advance(1 * MINUTES)

  expect(await lookFor(10 * SECONDS - 1)).toEqual([])
  await fixture.clock.advance(1)
  expect(await look()).toEqual([id])
})

it('leaves the others the length of a lease to write what they know, once the database is back', async () => {
  await lookFor(20 * SECONDS)
  const [known, lost] = [await fixture.submit(), await fixture.submit()]
  const holds = await fixture.claim(2, 'away')
  await fixture.clock.advance(1 * MINUTES) // in which nobody can look

  expect(await lookFor(LEASE_MS - 1)).toEqual([])
  const sent = holds.filter(({ id }) => id === known)
  expect(await Promise.all(sent.map((message) => fixture.settle(message, SENT)))).toEqual([true])
  await fixture.clock.advance(1)
  expect(await look()).toEqual([lost])
  expect(await fixture.read(known)).toMatchObject({ attempts: [{ outcome: 'sent' }], possibleDuplicate: false })
})

it('leaves them that time too where its look was held up on the way until the database was back', async () => {
  await lookFor(20 * SECONDS)
  await fixture.submit()
  await fixture.claimOne('away')
  await fixture.clock.advance(LOOKS_EVERY_MS)
  link.hold()
  const heldUp = look()
  await fixture.clock.advance(1 * MINUTES)
  link.mend()

  expect(await heldUp).toEqual([])
  expect(await lookFor(LEASE_MS - 1)).toEqual([])
})

it('leaves them that time too after the clock of the database was set', async () => {
  await lookFor(20 * SECONDS)
  await fixture.clock.advance(-1 * MINUTES)
  const id = await fixture.submit()
  await fixture.claimOne('dead')
  await look()
  await fixture.database.query(`UPDATE message_queue SET lease_until = mail_now() - interval '1 second'`)

  expect(await lookFor(LEASE_MS - 1)).toEqual([])
  await fixture.clock.advance(1)
  expect(await look()).toEqual([id])
  await fixture.clock.advance(1 * MINUTES)
})

it('gives up a renewal on a connection that went silent while there is time for another', async () => {
  const id = await fixture.submit()
  const message = await fixture.claimOne('holder')
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
  const now = fixture.clock.now().getTime()
  const scheduled = await fixture.submit({ sendAt: new Date(now + 10 * SECONDS) })
  const expires = await fixture.submit({
    sendAt: new Date(now + 20 * MINUTES),
    expiresAt: new Date(now + 10 * SECONDS),
  })
  await fixture.submit()
  const leased = await fixture.claimOne('dead')
  await fixture.clock.advance(1 * MINUTES)

  expect(await look()).toEqual([])
  expect(await deliveries.release()).toMatchObject({ expired: [{ id: expires }], moved: true })
  expect(await fixture.claimOne()).toMatchObject({ id: scheduled })
  expect(await fixture.read(leased.id)).toMatchObject({ status: 'sending', attempts: [] })
})
