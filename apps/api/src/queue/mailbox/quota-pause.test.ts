import { beforeEach, expect, it } from 'vitest'
import { ADA, useQueueFixture, SENT } from '../../test-support/queue-fixture.ts'
import { HOURS, MINUTES } from '../../test-support/test-clock.ts'
import { planQuotaPause, readQuotaPause } from './quota-pause.ts'

const fixture = useQueueFixture()
beforeEach(() => fixture.database.empty('messages', 'mailboxes', 'alert_events'))

const at = (hour: number) => new Date(hour * HOURS)
const NEVER = { lastCodeAt: null, pauseMs: null, pausedUntil: null }

it.each([
  ['an hour at first', NEVER, at(0), at(0), 1],
  ['twice as long as the last time', { lastCodeAt: at(0), pauseMs: 4 * HOURS, pausedUntil: at(4) }, at(4), at(5), 8],
  ['24 hours at most', { lastCodeAt: at(0), pauseMs: 16 * HOURS, pausedUntil: at(16) }, at(17), at(18), 24],
  [
    'an hour again after a day without one',
    { lastCodeAt: at(0), pauseMs: 8 * HOURS, pausedUntil: at(8) },
    at(24),
    at(24),
    1,
  ],
  ['no more while it lasts', { lastCodeAt: at(0), pauseMs: 1 * HOURS, pausedUntil: at(1) }, at(0.5), at(0.5), null],
  [
    'no more for a mail from before it',
    { lastCodeAt: at(0), pauseMs: 1 * HOURS, pausedUntil: at(1) },
    at(0),
    at(2),
    null,
  ],
  ['not for a mail of the day before', NEVER, at(0), at(25), null],
])('pauses %s', (_promise, last, sentAt, now, hours) => {
  expect(planQuotaPause(last, sentAt, now)).toBe(hours === null ? null : hours * HOURS)
})

it('pauses the mailbox once for all reports about one limit, tells it, and ends it when asked', async () => {
  const { queue, clock, opened } = fixture
  const report = { tenantId: ADA, code: '5.7.233', sentAt: clock.now() }
  const processes = [queue, fixture.newProcess(), fixture.newProcess()]
  const paused = await Promise.all(processes.map(({ mailboxes }) => mailboxes.pauseForQuota(report)))
  expect(paused.filter((pause) => pause !== null)).toHaveLength(1)

  await fixture.submit()
  expect(await fixture.claim(1)).toEqual([])
  expect(await readQuotaPause(opened.prisma, ADA)).toMatchObject({ code: '5.7.233' })
  const until = new Date(clock.now().getTime() + 1 * HOURS)
  expect((await queue.messages.readMailbox(ADA)).pausedUntil).toEqual(until)
  const raised = 'SELECT type, facts, dismissed_at IS NULL AS shown FROM alert_events ORDER BY at'
  const facts = { fromEmail: 'ada@contoso.com', code: '5.7.233', until: until.toISOString() }
  expect(await fixture.database.query(raised)).toEqual([{ type: 'quota.exceeded', facts, shown: true }])

  await clock.advance(10 * MINUTES)
  await queue.messages.sendNow(ADA, 'usr_1')
  expect(await readQuotaPause(opened.prisma, ADA)).toBeNull()
  expect(await fixture.database.query(raised)).toMatchObject([{ shown: false }])
  expect(await queue.mailboxes.pauseForQuota(report)).toBeNull()
  const message = await fixture.claimOne()
  await fixture.settle(message, SENT)

  const again = await queue.mailboxes.pauseForQuota({ ...report, sentAt: clock.now() })
  expect(again?.until).toEqual(new Date(clock.now().getTime() + 2 * HOURS))
  const audited = `SELECT action, outcome, actor FROM audit_events ORDER BY id`
  expect(await fixture.database.query(audited)).toEqual([
    { action: 'mailbox-paused', outcome: '5.7.233', actor: null },
    { action: 'sending-resumed', outcome: 'done', actor: 'usr_1' },
    { action: 'mailbox-paused', outcome: '5.7.233', actor: null },
  ])
})

it('ends a pause that Microsoft asked for as well, and lets none of the two shorten the other', async () => {
  const { queue, clock } = fixture
  await fixture.submit()
  await fixture.settle(await fixture.claimOne(), { ...SENT, status: 'queued', waitMs: 0, pauseMailboxMs: 3 * HOURS })
  await queue.mailboxes.pauseForQuota({ tenantId: ADA, code: '5.1.90', sentAt: null })
  const until = new Date(clock.now().getTime() + 3 * HOURS)
  expect((await queue.messages.readMailbox(ADA)).pausedUntil).toEqual(until)
  await queue.messages.sendNow(ADA, 'usr_1')
  expect((await queue.messages.readMailbox(ADA)).pausedUntil).toBeNull()
  await fixture.claimOne()
})

it('pauses for the first report of a used-up limit, although a pause of Microsoft was ended since the mail left', async () => {
  const { queue, clock } = fixture
  await fixture.submit()
  const pausing = { ...SENT, status: 'queued', waitMs: 0, pauseMailboxMs: 3 * HOURS } as const
  await fixture.settle(await fixture.claimOne(), pausing)
  const sentAt = clock.now()
  await clock.advance(1 * MINUTES)
  await queue.messages.sendNow(ADA, 'usr_1')
  expect(await queue.mailboxes.pauseForQuota({ tenantId: ADA, code: '5.1.90', sentAt })).not.toBeNull()
})

it('pauses for a certain report of either source, and not for a likely one', async () => {
  const { queue } = fixture
  const messageId = await fixture.submit()
  await fixture.settle(await fixture.claimOne(), SENT)
  const failed = { delivery: 'failed', code: '5.7.233', detail: null, at: null, source: 'trace', note: null } as const
  const report = { messageId, recipient: 'max@contoso.com', ...failed }
  await queue.reports.apply(ADA, [{ ...report, certain: false }])
  expect((await queue.messages.readMailbox(ADA)).pausedUntil).toBeNull()
  await queue.reports.apply(ADA, [{ ...report, certain: true }])
  expect((await queue.messages.readMailbox(ADA)).pausedUntil).not.toBeNull()
})
