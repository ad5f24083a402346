import { afterEach, expect, it, onTestFinished } from 'vitest'
import { ADA, useQueueFixture, IN_DOUBT, SENT } from '../../test-support/queue-fixture.ts'
import { DAYS, HOURS, MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'
import { LONGEST_WAIT_MS } from '../owner/settle.ts'

const LIMITS = { messagesPerMinute: 2, recipientsPerDay: 100, uploadBytesPer5Minutes: 10_000_000, concurrency: 4 }

const fixture = useQueueFixture()
afterEach(() => fixture.database.empty('messages', 'mailbox_usage', 'mailboxes'))

/** Looks as a worker does, and returns what it took over. */
async function look(): Promise<readonly string[]> {
  const { abandoned } = await fixture.queue.deliveries.judgeAbandoned()
  await fixture.queue.deliveries.bringTimesBack()
  return abandoned
}

/** Sets the clock back by an hour, which the next look of a process finds that has looked before. */
async function setBack(): Promise<void> {
  await look()
  await fixture.clock.advance(-1 * HOURS)
}

it('counts what was used by a clock that was set back for as long as before', async () => {
  const process = createTestQueue(fixture.opened.pool, { limits: LIMITS })
  const used = { recipientsLastDay: 6, messagesLastMinute: 2, uploadedBytes: LIMITS.uploadBytesPer5Minutes }
  await process.mailboxes.chargeUpload(ADA, LIMITS.uploadBytesPer5Minutes)
  for (let n = 0; n < 2; n++) {
    await fixture.submit()
    await fixture.settle(await fixture.claimOne(), SENT)
  }
  await fixture.submit()
  await fixture.clock.advance(20 * SECONDS)
  await setBack()
  expect(await process.messages.readMailbox(ADA)).toMatchObject(used)
  await look()
  expect(await process.messages.readMailbox(ADA)).toMatchObject(used)

  await fixture.clock.advance(40 * SECONDS)
  expect(await process.deliveries.claim('worker', 10)).toEqual([])
  await fixture.clock.advance(2 * SECONDS)
  expect(await process.deliveries.claim('worker', 10)).toHaveLength(1)
  await fixture.clock.advance(4 * MINUTES)
  expect(await process.mailboxes.chargeUpload(ADA, LIMITS.uploadBytesPer5Minutes)).toBeNull()
})

it('counts as used just now what a process finds ahead that did not know the clock as it was', async () => {
  const process = createTestQueue(fixture.opened.pool, { limits: LIMITS })
  for (let n = 0; n < 2; n++) {
    await fixture.submit()
    await fixture.settle(await fixture.claimOne(), SENT)
  }
  await fixture.submit()
  await fixture.clock.advance(-1 * HOURS)
  await process.deliveries.judgeAbandoned()
  await process.deliveries.bringTimesBack()

  await fixture.clock.advance(1 * MINUTES)
  expect(await process.deliveries.claim('worker', 10)).toEqual([])
  await fixture.clock.advance(2 * SECONDS)
  expect(await process.deliveries.claim('worker', 10)).toHaveLength(1)
})

it('does not wait for a place that was given by a clock that was set back', async () => {
  const process = createTestQueue(fixture.opened.pool, { limits: LIMITS })
  for (let n = 0; n < 4; n++) await fixture.submit()
  const [first] = await process.deliveries.claim('worker', 10)
  if (first) await fixture.settle(first, SENT)
  expect(await process.deliveries.claim('worker', 10)).toEqual([])
  await setBack()
  await look()

  expect(await process.deliveries.claim('worker', 10)).toHaveLength(1)
})

it('sends at once what was submitted by a clock that was set back', async () => {
  const ids = [await fixture.submit(), await fixture.submit()]
  await setBack()
  ids.push(await fixture.submit())
  await look()

  expect((await fixture.claim(3)).map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
})

it('tries again within the longest wait what waits by a clock that was set back, but not before its own wait', async () => {
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...IN_DOUBT, waitMs: 1 * MINUTES })
  await setBack()
  await look()

  await fixture.clock.advance(LONGEST_WAIT_MS - 1)
  expect(await fixture.claim(1)).toEqual([])
  await fixture.clock.advance(1)
  expect(await fixture.claim(1)).toHaveLength(1)
})

const PAUSED = { ...SENT, status: 'queued', waitMs: 0, charged: false, attempt: null } as const

it.each([
  ['Microsoft', { pauseMailboxMs: 10 * SECONDS }],
  ['Entra', { noAccessMs: 10 * SECONDS }],
])('does not pause again for what %s asked for before the clock was set back', async (_, pause) => {
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...PAUSED, ...pause })
  await fixture.clock.advance(1 * MINUTES)
  await setBack()
  await look()

  expect(await fixture.claim(1)).toHaveLength(1)
})

it.each([
  ['Microsoft', { pauseMailboxMs: 10 * MINUTES }],
  ['Entra', { noAccessMs: 10 * MINUTES }],
])('pauses for the rest of what %s asked for when the clock was set back', async (_, pause) => {
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...PAUSED, ...pause })
  await fixture.clock.advance(4 * MINUTES)
  await setBack()
  await look()

  await fixture.clock.advance(6 * MINUTES - 1)
  expect(await fixture.claim(1)).toEqual([])
  await fixture.clock.advance(1)
  expect(await fixture.claim(1)).toHaveLength(1)
})

it('pauses for the rest of the time also where something else could not be brought back at first', async () => {
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...PAUSED, pauseMailboxMs: 10 * MINUTES })
  await fixture.clock.advance(4 * MINUTES)
  await setBack()
  await fixture.database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON report_inboxes FOR EACH STATEMENT EXECUTE FUNCTION refuse()`)
  await expect(look()).rejects.toThrow('not now')
  await fixture.database.query('DROP FUNCTION refuse CASCADE')
  await look()

  await fixture.clock.advance(6 * MINUTES - 1)
  expect(await fixture.claim(1)).toEqual([])
  await fixture.clock.advance(1)
  expect(await fixture.claim(1)).toHaveLength(1)
})

it('pauses for the rest of the time for a used-up limit, however many workers see the clock set back', async () => {
  const others = [fixture.newProcess(), fixture.newProcess()]
  for (const { deliveries } of others) await deliveries.judgeAbandoned()
  const sentAt = fixture.clock.now()
  const pause = await fixture.queue.mailboxes.pauseForQuota({ tenantId: ADA, code: '5.7.233', sentAt })
  expect(pause?.until).toEqual(new Date(sentAt.getTime() + 1 * HOURS))
  await fixture.submit()
  await fixture.clock.advance(20 * MINUTES)
  for (const { deliveries } of others) await deliveries.judgeAbandoned()
  await setBack()
  await look()
  for (const { deliveries } of others) {
    await deliveries.judgeAbandoned()
    await deliveries.bringTimesBack()
  }

  await fixture.clock.advance(40 * MINUTES - 1)
  expect(await fixture.claim(1)).toEqual([])
  await fixture.clock.advance(1)
  expect(await fixture.claim(1)).toHaveLength(1)
})

it('does not pause again for a limit whose pause was over when the clock was set back, and would for the next report', async () => {
  await fixture.queue.mailboxes.pauseForQuota({ tenantId: ADA, code: '5.7.233', sentAt: fixture.clock.now() })
  await fixture.clock.advance(90 * MINUTES)
  await fixture.submit()
  await setBack()
  await look()

  expect(await fixture.claim(1)).toHaveLength(1)
  await fixture.clock.advance(1 * SECONDS)
  const again = { tenantId: ADA, code: '5.7.233', sentAt: fixture.clock.now() }
  expect(await fixture.queue.mailboxes.pauseForQuota(again)).not.toBeNull()
})

it('brings back once more what lies ahead where the clock is set back again in the meantime', async () => {
  const { deliveries } = fixture.queue
  await setBack()
  await deliveries.judgeAbandoned()
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...PAUSED, pauseMailboxMs: 10 * SECONDS })
  await fixture.clock.advance(1 * MINUTES)
  await deliveries.judgeAbandoned()
  const allow = await fixture.database.lock('report_inboxes')
  const bringing = deliveries.bringTimesBack()
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'report_inboxes'::regclass`
  await expect.poll(() => fixture.database.query(waiting)).toHaveLength(1)
  await fixture.clock.advance(-1 * HOURS)
  await deliveries.judgeAbandoned()
  await allow()
  await bringing

  await deliveries.bringTimesBack()

  expect(await fixture.claim(1)).toHaveLength(1)
})

it('reads inboxes on, and from where it was, when the clock was set back', async () => {
  await fixture.database.query(
    `UPDATE tenant_settings SET bounces_enabled = true, bounces_since = mail_now() - interval '1 day' WHERE tenant_id = $1`,
    [ADA],
  )
  onTestFinished(async () => {
    await fixture.database.query('UPDATE tenant_settings SET bounces_enabled = false')
  })
  const { inboxes } = fixture.queue
  const [inbox] = await inboxes.claim('one')
  if (!inbox) throw new Error('No inbox was due.')
  await inboxes.advance(inbox, null, true)
  await inboxes.release(inbox, 60 * SECONDS)
  await setBack()
  await look()

  expect(await inboxes.claim('one')).toEqual([])
  const held = 'SELECT lease_until FROM report_inboxes WHERE tenant_id = $1'
  expect(await fixture.database.query(held, [ADA])).toEqual([{ lease_until: null }])
  await fixture.clock.advance(60 * SECONDS)
  const [next] = await inboxes.claim('one')
  expect(next?.since).toEqual(new Date(fixture.clock.now().getTime() - 61 * MINUTES))
})

it('keeps a pause that was asked for by the clock that is right', async () => {
  await setBack()
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...PAUSED, pauseMailboxMs: 1 * DAYS })
  for (let looks = 0; looks < 3; looks++) await look()
  await fixture.clock.advance(22 * HOURS)
  await look()

  expect(await fixture.claim(1)).toEqual([])
})
