import type pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { useQueueFixture, SENT, VERSION } from '../../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createTestPool, useLink } from '../../test-support/test-database.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'
import type { Deliveries } from '../queue.ts'
import { JUDGING_WAITS } from './abandoned.ts'

// The owner of a mailbox, which looks as the product does for what nobody is sending.

const LOOKS_EVERY_MS = 2 * SECONDS

const fixture = useQueueFixture({ permissions: ['Mail.Send'] }) // a mark is an attempt at once
const link = useLink(() => fixture.database)
let pool: pg.Pool
let deliveries: Deliveries
/** By the monotonic clock of the owner. */
let elapsedMs = 1 * MINUTES

beforeEach(async () => {
  await fixture.clock.advance(1 * MINUTES)
  pool = createTestPool(link.url, 1)
  deliveries = createTestQueue(pool, { judgingWaits: JUDGING_WAITS, elapsedMs: () => elapsedMs }).deliveries
})
afterEach(async () => {
  await pool.end()
  await fixture.database.empty('messages', 'mailbox_usage')
})

const look = async () => (await deliveries.judgeAbandoned()).abandoned

/** Returns what was taken over in the time, with a look at its beginning, at its end, and every two seconds. */
async function lookFor(ms: number): Promise<readonly string[]> {
  const found = [...(await look())]
  for (let passedMs = 0; passedMs < ms; passedMs += LOOKS_EVERY_MS) {
    elapsedMs += Math.min(LOOKS_EVERY_MS, ms - passedMs)
    found.push(...(await look()))
  }
  return found
}

it('leaves a process that is gone five seconds to write what it knows', async () => {
  const [known, lost] = [await fixture.submit(), await fixture.submit()]
  const sending = await fixture.claim(2, 'gone')

  expect(await lookFor(JUDGING_WAITS.afterTakeoverMs - 1)).toEqual([])
  const sent = sending.filter(({ id }) => id === known)
  expect(await Promise.all(sent.map((message) => fixture.settle(message, SENT)))).toEqual([true])
  elapsedMs += 1
  expect(await look()).toEqual([lost])
  expect(await fixture.read(known)).toMatchObject({ attempts: [{ outcome: 'sent' }], possibleDuplicate: false })
})

it('leaves alone what a process is sending that has handed the mailbox over, and lets it begin no more once it is gone', async () => {
  await fixture.submit()
  const message = await fixture.claimOne('stopping')
  await look()
  await fixture.database.query(
    `INSERT INTO owners (id, name) SELECT marked_by, 'stopping' FROM message_queue WHERE marked_by IS NOT NULL`,
  )

  expect(await lookFor(8 * SECONDS)).toEqual([])
  expect(await fixture.queue.deliveries.clear(message, VERSION, true)).toBe(true)
  await fixture.database.query(`DELETE FROM owners WHERE name = 'stopping'`)
  expect(await fixture.queue.deliveries.clear(message, VERSION, true)).toBe(false)
  expect(await lookFor(JUDGING_WAITS.afterTakeoverMs)).toEqual([message.id])
})

const failedLook = async () => {
  link.loseAnswerTo('abandoned AS')
  await expect(look()).rejects.toThrow(/terminated/)
}
const lateLook = async () => {
  await look()
  elapsedMs += 11 * SECONDS
}

it.each([
  ['failed', failedLook],
  ['came late', lateLook],
])('leaves it 45 seconds where a look %s, since the database may have been away', async (_, away) => {
  await away()
  await look()
  await fixture.submit()
  const { id } = await fixture.claimOne('away')

  expect(await lookFor(JUDGING_WAITS.afterOutageMs - 1)).toEqual([])
  elapsedMs += 1
  expect(await look()).toEqual([id])
})

it('undoes a mark without an answer at once and without doubt, and leaves alone what it is sending', async () => {
  const lost = await fixture.submit()
  link.loseAnswerTo('marked AS (')
  await expect(deliveries.claim('unanswered', 10)).rejects.toThrow(/terminated/)
  expect(await fixture.read(lost)).toMatchObject({ status: 'sending' })
  const sending = await fixture.submit()
  await deliveries.claim('known', 10)

  expect(await deliveries.judgeAbandoned(() => ['known'])).toEqual({ abandoned: [], moved: true, more: false })
  expect(await fixture.read(sending)).toMatchObject({ status: 'sending' })
  expect(await fixture.read(lost)).toMatchObject({ status: 'queued', attempts: [] })
  expect(await deliveries.claim('again', 10)).toMatchObject([{ id: lost, attemptCount: 1, doubt: { state: 'none' } }])
})

it('releases at once what was scheduled, and fails what has expired, while it takes nothing over', async () => {
  const now = fixture.clock.now().getTime()
  const scheduled = await fixture.submit({ sendAt: new Date(now + 10 * SECONDS) })
  const expires = await fixture.submit({
    sendAt: new Date(now + 20 * MINUTES),
    expiresAt: new Date(now + 10 * SECONDS),
  })
  await fixture.submit()
  const marked = await fixture.claimOne('gone')
  await fixture.clock.advance(1 * MINUTES)

  expect(await look()).toEqual([])
  expect(await deliveries.release()).toMatchObject({ expired: [{ id: expires }], moved: true })
  expect(await fixture.claimOne()).toMatchObject({ id: scheduled })
  expect(await fixture.read(marked.id)).toMatchObject({ status: 'sending', attempts: [] })
})
