import { beforeEach, expect, it } from 'vitest'
import { ADA, useQueueFixture, IN_DOUBT, QUEUED, SENT } from '../../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import type { MarkedMessage } from '../owner/marked-message.ts'
import { endRefusals, readHold, readMailboxProblem, tellOfHoldAgain } from './mailbox-refusals.ts'
import type { Route } from './refusals.ts'
import type { Settlement } from '../owner/settle.ts'

const fixture = useQueueFixture({ permissions: ['Mail.Send'] })
beforeEach(() => fixture.database.empty('messages', 'mailboxes', 'alert_events'))

const PROBLEM = { title: 'Denied', detail: 'It is denied.', action: 'Act.', values: {}, correlationId: 'request' }

/** What comes of an attempt that Microsoft refused for the mailbox. */
function refused(kind = 'ErrorSendAsDenied', by: Route = 'send'): Settlement {
  return {
    ...QUEUED,
    refusals: 1,
    attempt: { outcome: 'refused', code: kind, values: {}, detail: 'No.' },
    route: by,
    refusal: {
      by,
      kind,
      problem: { ...PROBLEM, values: { microsoftCode: kind } },
      ends: { code: 'message-refused', values: {}, title: 'No', detail: 'No.', microsoftCode: kind, requestId: null },
    },
  }
}

/** Submits so many messages, and claims them. */
async function claimedInOrder(count: number): Promise<MarkedMessage[]> {
  const ids: string[] = []
  for (let submitted = 0; submitted < count; submitted++) ids.push(await fixture.submit())
  const claimed = await fixture.claim(count)
  return claimed.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
}

async function refuse(message: MarkedMessage | undefined, kind?: string, by?: Route): Promise<string> {
  if (!message) throw new Error('There is no message.')
  expect(await fixture.settle(message, refused(kind, by))).toBe(true)
  return statusOf(message)
}

async function statusOf({ id }: { readonly id: string }): Promise<string> {
  const { status, heldBecause } = await fixture.read(id)
  return heldBecause ?? status
}

/** Makes the mailbox hold its mail, and returns the two messages that it refused. */
async function hold(by: Route = 'send'): Promise<MarkedMessage[]> {
  const messages = await claimedInOrder(2)
  for (const message of messages) await refuse(message, undefined, by)
  expect(await readHold(fixture.opened.prisma, ADA)).toMatchObject({ route: by })
  return messages
}

const tend = () => fixture.queue.deliveries.release()
const alerts = async () =>
  (await fixture.database.query<{ type: string }>('SELECT type FROM alert_events ORDER BY at, id')).map(
    ({ type }) => type,
  )
const shown = async () =>
  (await fixture.database.query<{ type: string }>('SELECT type FROM alert_events WHERE dismissed_at IS NULL')).map(
    ({ type }) => type,
  )

it('holds a mailbox with all that waits once two messages were refused in the same way, and tells it once', async () => {
  const [first, second] = await claimedInOrder(2)
  const waiting = await fixture.submit()
  expect(await refuse(first)).toBe('queued')
  expect(await readHold(fixture.opened.prisma, ADA)).toBeNull()
  expect(await refuse(second)).toBe('mailbox-refused')

  await tend()
  await tend()

  for (const id of [first?.id, second?.id, waiting]) expect(await statusOf({ id: id ?? '' })).toBe('mailbox-refused')
  expect(await readHold(fixture.opened.prisma, ADA)).toMatchObject({ values: { microsoftCode: 'ErrorSendAsDenied' } })
  expect(await alerts()).toEqual(['mailbox.refused'])
  const later = await fixture.submit()
  await tend()
  expect(await statusOf({ id: later })).toBe('mailbox-refused')
})

/** Submits a message that leaves. */
async function letOneLeave(): Promise<void> {
  const id = await fixture.submit({ priority: 'high' })
  const message = await fixture.claimOne()
  expect(message.id).toBe(id)
  await fixture.settle(message, SENT)
}

it('lets a message wait that is refused alone, and ends it the third time that others left', async () => {
  const becomes = [await refuse((await claimedInOrder(1))[0])]
  for (let times = 0; times < 2; times++) {
    becomes.push(await refuse(await fixture.claimOne())) // nothing has left since, so this does not count
    await letOneLeave()
    becomes.push(await refuse(await fixture.claimOne()))
  }
  expect(becomes).toEqual(['queued', 'queued', 'queued', 'queued', 'failed'])
  expect(await readHold(fixture.opened.prisma, ADA)).toBeNull()
})

it('holds nothing where a message left between two refusals, or where only a reason changed', async () => {
  const [first, second, third] = await claimedInOrder(3)
  await refuse(first)
  await letOneLeave()
  expect(await refuse(second)).toBe('queued')
  expect(await refuse(third, 'ErrorQuotaExceeded')).toBe('queued')
  expect(await readHold(fixture.opened.prisma, ADA)).toBeNull()
})

it('holds only what goes by draft where only that is refused, whatever else leaves meanwhile', async () => {
  const [first, second] = await claimedInOrder(2)
  await refuse(first, undefined, 'draft')
  await letOneLeave()
  expect(await refuse(second, undefined, 'draft')).toBe('mailbox-refused')
  const id = await fixture.submit({ priority: 'high' })
  await tend()
  expect(await fixture.claimOne()).toMatchObject({ id, heldRoute: 'draft', probeRoute: null })
})

it('counts no refusal of another connection than that of now', async () => {
  const [first, second] = await claimedInOrder(2)
  await refuse(first)
  await fixture.database.query('UPDATE tenant_settings SET version = version + 1')
  expect(await refuse(second)).toBe('queued')
  expect(await readHold(fixture.opened.prisma, ADA)).toBeNull()
  await fixture.database.query('UPDATE tenant_settings SET version = version - 1')
})

it('tries the first held message every quarter of an hour, and charges it, until one leaves', async () => {
  const [first] = await hold()
  await tend()
  expect(await fixture.claim(2)).toEqual([])
  for (const outcome of [refused(), SENT]) {
    await fixture.clock.advance(15 * MINUTES)
    await tend()
    const probes = await fixture.claim(2)
    expect(probes).toMatchObject([{ id: first?.id, probeRoute: 'send', heldRoute: 'send' }])
    for (const probe of probes) await fixture.settle(probe, outcome)
    await tend()
  }
  expect((await fixture.claim(2)).map(({ probeRoute }) => probeRoute)).toEqual([null])
  expect(await readHold(fixture.opened.prisma, ADA)).toBeNull()
  expect(await alerts()).toEqual(['mailbox.refused', 'mailbox.recovered'])
  expect(await shown()).toEqual(['mailbox.recovered'])
  const audited = await fixture.database.query(`SELECT action, outcome FROM audit_events ORDER BY id DESC LIMIT 2`)
  expect(audited).toEqual([
    { action: 'mailbox-accepted', outcome: 'done' },
    { action: 'mailbox-refused', outcome: 'ErrorSendAsDenied' },
  ])
})

it('tries one at once when a person asks for it, and ends the wait of a message that was refused alone', async () => {
  const [first] = await hold()
  await tend()
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  await tend()
  const probe = await fixture.claimOne()
  expect(probe).toMatchObject({ id: first?.id, probeRoute: 'send' })
  await fixture.settle(probe, SENT)

  const [alone] = await claimedInOrder(1)
  if (!alone) throw new Error('Nothing was due.')
  await fixture.settle(alone, { ...refused('ErrorQuotaExceeded'), waitMs: 5 * MINUTES })
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  expect((await fixture.claim(2)).map(({ id }) => id)).toContain(alone.id)
})

it.each([
  ['keeps', 'was found, since it may have left before', false],
  ['ends', 'was tried, and found to have left', true],
])('%s the hold for a message that %s', async (_ends, _which, isProbe) => {
  const [doubtful] = await claimedInOrder(1)
  if (!isProbe && doubtful) await fixture.settle(doubtful, IN_DOUBT)
  if (isProbe && doubtful) await refuse(doubtful, 'ErrorQuotaExceeded')
  await hold()
  if (isProbe) {
    await fixture.queue.messages.sendNow(ADA, 'usr_1')
    await tend()
    await fixture.settle(await fixture.claimOne(), { ...IN_DOUBT, waitMs: 0 })
  }
  await fixture.clock.advance(1 * MINUTES)
  const found = { ...SENT, attempt: { outcome: 'sent', code: null, values: {}, detail: 'Found.' } } as const
  await fixture.settle(await fixture.claimOne(), found)
  expect((await readHold(fixture.opened.prisma, ADA)) === null).toBe(isProbe)
})

it('keeps the hold while the one that was tried is in doubt, and tries another one next', async () => {
  const [first, second] = await hold()
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  await tend()
  await fixture.settle(await fixture.claimOne(), { ...IN_DOUBT, waitMs: 0 })
  expect(await fixture.claimOne()).toMatchObject({ id: first?.id, probeRoute: null, heldRoute: 'send' })
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  await tend()
  expect(await fixture.claimOne()).toMatchObject({ id: second?.id, probeRoute: 'send' })
})

it('tries what goes by the refused route, as far as is known, and the next one at once where it was not', async () => {
  const [byDraft, inOneRequest] = await hold()
  const large = await fixture.submit({ storedBytes: 5_000_000, priority: 'high' })
  await tend()
  expect(await statusOf({ id: large })).toBe('mailbox-refused')
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  await tend()
  const held = { ...QUEUED, status: 'held', waitMs: null, heldBecause: 'mailbox-refused', route: 'draft' } as const
  const probe = await fixture.claimOne()
  expect(probe.id).toBe(byDraft?.id)
  await fixture.settle(probe, held)
  await tend()
  expect(await fixture.claimOne()).toMatchObject({ id: inOneRequest?.id, probeRoute: 'send' })
})

it.each([
  ['keeps', refused(undefined, 'draft')],
  ['ends', SENT],
] as const)('tries what goes by draft once nothing else is held, which %s the hold', async (ends, outcome) => {
  for (const { id } of await hold())
    await fixture.queue.messages.cancel({ tenantId: ADA, service: null, userId: 'usr_1' }, id, fixture.clock.now())
  const left = await fixture.submit()
  await fixture.database.query(`UPDATE message_queue SET route = 'draft' WHERE message_id = $1`, [left])
  await tend()
  for (let quarter = 0; quarter < 2; quarter++) {
    await fixture.clock.advance(15 * MINUTES)
    await tend()
    const probe = await fixture.claimOne()
    expect(probe).toMatchObject({ id: left, probeRoute: 'draft', heldRoute: 'send' })
    await fixture.settle(probe, quarter === 0 ? refused(undefined, 'draft') : outcome)
    await tend()
    expect(await fixture.claim(1)).toEqual([]) // a quarter of an hour passes before it is tried again
  }
  expect((await readHold(fixture.opened.prisma, ADA)) === null).toBe(ends === 'ends')
})

it('tries none that has expired', async () => {
  const [first] = await hold()
  await fixture.submit({ expiresAt: new Date(fixture.clock.now().getTime() + 20 * MINUTES), priority: 'high' })
  await tend()
  await fixture.clock.advance(30 * MINUTES)
  await tend()
  expect((await fixture.claimOne()).id).toBe(first?.id)
})

it('lets what it refused leave after a new connection, and tells that it does; after a reset it tells nothing', async () => {
  for (const tells of [true, false]) {
    await hold()
    await tend()
    await fixture.opened.prisma.$transaction((transaction) => endRefusals(transaction, ADA, { tells }))
    await tend()
    for (const message of await fixture.claim(2)) await fixture.settle(message, SENT)
  }
  expect(await alerts()).toEqual(['mailbox.refused', 'mailbox.recovered', 'mailbox.refused'])
})

it('tells anew of a hold that becomes one of all mail, or has another cause, and keeps its time otherwise', async () => {
  await hold('draft')
  await tend()
  const since = async () => (await readHold(fixture.opened.prisma, ADA))?.since
  const times = [await since()]
  for (const kind of ['ErrorQuotaExceeded', 'ErrorSendAsDenied', 'ErrorSendAsDenied']) {
    await fixture.clock.advance(15 * MINUTES)
    for (const message of await claimedInOrder(2)) if (message.probeRoute !== 'draft') await refuse(message, kind)
    for (let probes = 0; probes < 2; probes++) {
      await fixture.queue.messages.sendNow(ADA, 'usr_1')
      await tend()
      for (const message of await fixture.claim(1)) if (message.probeRoute === 'send') await refuse(message, kind)
    }
    await tend()
    times.push(await since())
  }
  expect(await alerts()).toEqual(['mailbox.refused', 'mailbox.refused', 'mailbox.refused'])
  expect(await shown()).toHaveLength(1)
  expect(new Set(times).size).toBe(3)
  expect(times.at(-1)).toBe(times.at(-2))
})

it('does not say that mail leaves again where tokens are accepted and the mailbox is still held', async () => {
  await hold()
  await tend()
  for (let times = 0; times < 4; times++) {
    await fixture.clock.advance(15 * MINUTES)
    await tend()
    for (const message of await fixture.claim(1)) await fixture.settle(message, times < 3 ? TOKEN_REFUSED : refused())
    await tend()
  }
  expect(await alerts()).toEqual(['mailbox.refused', 'mailbox.token-refused', 'mailbox.refused'])
  expect(await shown()).toEqual(['mailbox.refused'])
})

it('tells of a hold once more when asked to', async () => {
  await hold()
  await tend()
  await fixture.opened.prisma.$transaction((transaction) => tellOfHoldAgain(transaction, ADA))
  await tend()
  expect(await alerts()).toEqual(['mailbox.refused', 'mailbox.refused'])
})

/** What comes of an attempt whose token Graph refused although it was fresh. */
const TOKEN_REFUSED: Settlement = { ...QUEUED, refusal: { by: 'token', problem: PROBLEM } }

it('pauses a mailbox whose tokens are refused, tells it the third time, and that mail leaves again after one is accepted', async () => {
  await claimedInOrder(2).then(async (messages) => {
    for (const message of messages) await fixture.settle(message, TOKEN_REFUSED)
  })
  for (const seconds of [30, 60]) {
    expect(await fixture.claim(1)).toEqual([])
    await tend()
    expect(await readMailboxProblem(fixture.opened.prisma, ADA)).toBeNull()
    expect(await fixture.queue.messages.readMailbox(ADA)).toMatchObject({ pausedBecause: { code: 'token-refused' } })
    await fixture.clock.advance(seconds * SECONDS)
    await fixture.settle(await fixture.claimOne(), TOKEN_REFUSED)
  }
  await tend()
  expect(await readMailboxProblem(fixture.opened.prisma, ADA)).toMatchObject({ code: 'token-refused' })
  await fixture.clock.advance(2 * MINUTES)
  await fixture.settle(await fixture.claimOne(), SENT)
  await tend()
  expect(await readMailboxProblem(fixture.opened.prisma, ADA)).toBeNull()
  expect(await alerts()).toEqual(['mailbox.token-refused', 'mailbox.recovered'])
})

it('shows Graph the token again at Send now', async () => {
  const [message] = await claimedInOrder(1)
  if (message) await fixture.settle(message, TOKEN_REFUSED)
  expect(await fixture.claim(1)).toEqual([])
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  expect(await fixture.claim(1)).toHaveLength(1)
})

it('counts a message that Microsoft refused as one whose token it accepted', async () => {
  const [first, second] = await claimedInOrder(2)
  if (first) await fixture.settle(first, TOKEN_REFUSED)
  await refuse(second)
  await fixture.clock.advance(30 * SECONDS)
  await fixture.settle(await fixture.claimOne(), TOKEN_REFUSED)
  const [row] = await fixture.database.query<{ times: number }>(
    `SELECT (token_refused ->> 'times')::int AS times FROM mailboxes WHERE tenant_id = $1`,
    [ADA],
  )
  expect(row?.times).toBe(1)
})

const GATEWAY = { status: 403, host: 'graph.microsoft.com', contentType: 'text/plain', excerpt: 'RBAC: access denied' }

/** What comes of an attempt that something refused in Microsoft's place. */
const INTERCEPTED: Settlement = {
  ...QUEUED,
  waitMs: 3 * SECONDS,
  refusals: 1,
  gateway: GATEWAY,
  refusal: {
    by: 'gateway',
    answer: GATEWAY,
    ends: { code: 'message-refused', values: {}, title: 'No', detail: 'No.', microsoftCode: null, requestId: null },
  },
}

/** Lets a gateway refuse two messages, so that the mailbox pauses, and returns them. */
async function intercept(): Promise<MarkedMessage[]> {
  const messages = await claimedInOrder(2)
  for (const message of messages) await fixture.settle(message, INTERCEPTED)
  return messages
}

it('pauses a mailbox once a gateway refused two messages, until Send now or the first that leaves', async () => {
  const [alone] = await claimedInOrder(1)
  if (alone) await fixture.settle(alone, INTERCEPTED)
  await letOneLeave()
  const messages = await intercept()
  const waiting = await fixture.submit({ priority: 'high' })
  expect(await fixture.claim(1)).toEqual([])
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  const claimed = await fixture.claim(4)
  expect(new Set(claimed.map(({ id }) => id))).toEqual(
    new Set([waiting, ...[alone, ...messages].map((each) => each?.id)]),
  )
  const [first, second, third, last] = claimed
  for (const message of [first, second, third]) if (message) await fixture.settle(message, INTERCEPTED)
  expect(await fixture.claim(1)).toEqual([])
  if (last) await fixture.settle(last, SENT)
  expect(await fixture.claim(4)).toHaveLength(3)
})

it('keeps the pause of Entra at Send now', async () => {
  const [message] = await claimedInOrder(1)
  if (message) await fixture.settle(message, { ...QUEUED, pauseMailboxMs: 1 * SECONDS, noAccessMs: 1 * MINUTES })
  await fixture.queue.messages.sendNow(ADA, 'usr_1')
  expect(await fixture.claim(1)).toEqual([])
})

it('ends a message that a gateway refuses for the third time while others leave', async () => {
  const [message] = await claimedInOrder(1)
  if (message) await fixture.settle(message, INTERCEPTED)
  for (const status of ['queued', 'failed']) {
    await letOneLeave()
    await fixture.clock.advance(3 * SECONDS)
    await fixture.settle(await fixture.claimOne(), INTERCEPTED)
    expect(await statusOf(message ?? { id: '' })).toBe(status)
  }
})

it.each<[string, Settlement]>([
  ['a message left', SENT],
  [
    'Microsoft throttled one',
    { ...QUEUED, attempt: { outcome: 'throttled', code: null, values: {}, detail: 'Slow.' } },
  ],
  ['Microsoft refused one for its mailbox', refused()],
])(
  'tells of a gateway after five minutes, calls no queue stalled meanwhile, and tells the end once %s',
  async (_what, answer) => {
    await intercept()
    for (const minutes of [2, 2.5]) {
      await fixture.clock.advance(minutes * MINUTES)
      for (const message of await fixture.claim(2)) await fixture.settle(message, INTERCEPTED)
      await tend()
    }
    expect(await alerts()).toEqual([])
    for (let minute = 0; minute < 15; minute++) {
      await fixture.clock.advance(1 * MINUTES)
      for (const message of await fixture.claim(2)) await fixture.settle(message, INTERCEPTED)
      await tend()
    }
    expect(await alerts()).toEqual(['microsoft.unreachable'])
    expect(await fixture.queue.upkeep.findStalled(longAgo())).toEqual([])

    await fixture.queue.messages.sendNow(ADA, 'usr_1')
    await fixture.settle(await fixture.claimOne(), answer)
    await tend()
    expect(await shown()).toEqual(['microsoft.recovered'])
    const [{ facts } = {}] = await fixture.database.query<{ facts: object }>(
      `SELECT facts FROM alert_events WHERE type = 'microsoft.unreachable'`,
    )
    expect(facts).toEqual({ ...GATEWAY, since: expect.any(String) })
  },
)

/** Lets a gateway answer until it is told of, from which on nobody is shown to it. */
async function tellOfGateway(): Promise<void> {
  await intercept()
  for (let minute = 0; minute < 6; minute++) {
    await fixture.clock.advance(1 * MINUTES)
    for (const message of await fixture.claim(2)) await fixture.settle(message, INTERCEPTED)
    await tend()
  }
  expect(await alerts()).toEqual(['microsoft.unreachable'])
}

it('calls no gateway over because nobody was shown to it for an hour, and tells of it once', async () => {
  await tellOfGateway()
  await fixture.clock.advance(60 * MINUTES)
  await tend()
  await fixture.settle(await fixture.claimOne(), INTERCEPTED)
  await fixture.clock.advance(5 * MINUTES)
  await fixture.settle(await fixture.claimOne(), INTERCEPTED)
  await tend()
  // Nothing was answered, and a message that is found too large before it is sent is no answer either.
  const unasked = { outcome: 'refused', code: null, values: {}, detail: 'Too large.' } as const
  await fixture.clock.advance(5 * MINUTES)
  await fixture.settle(await fixture.claimOne(), { ...QUEUED, attempt: unasked })
  await tend()
  expect(await alerts()).toEqual(['microsoft.unreachable'])
  expect(await shown()).toEqual(['microsoft.unreachable'])
})

it('ends the alert about a gateway without a word once no message waits for it', async () => {
  await tellOfGateway()
  const waiting = await fixture.database.query<{ id: string }>('SELECT message_id AS id FROM message_queue')
  for (const { id } of waiting)
    await fixture.queue.messages.cancel({ tenantId: ADA, service: null, userId: 'usr_1' }, id, fixture.clock.now())
  await fixture.clock.advance(6 * MINUTES)
  await tend()
  expect(await alerts()).toEqual(['microsoft.unreachable'])
  expect(await shown()).toEqual([])
})

it.each([
  ['tells the end of a gateway', 'a connection was proved to work', true, ['microsoft.recovered']],
  ['keeps the alert about a gateway', 'a connection ended', false, ['microsoft.unreachable']],
])('%s after %s', async (_what, _when, isProved, left) => {
  await tellOfGateway()
  await fixture.opened.prisma.$transaction((transaction) => endRefusals(transaction, ADA, { tells: false, isProved }))
  await fixture.clock.advance(10 * MINUTES)
  await tend()
  expect(await shown()).toEqual(left)
})

it.each([
  [true, ['microsoft.recovered']],
  [false, ['microsoft.unreachable']],
])(
  'takes an answer of Entra for the end of what answered in its place, and of nothing else: %s',
  async (forEntra, left) => {
    await tellOfGateway()
    const refusal = { by: 'gateway', answer: GATEWAY, ends: null, ...(forEntra && { forEntra }) } as const
    await fixture.queue.messages.sendNow(ADA, 'usr_1')
    await fixture.settle(await fixture.claimOne(), { ...INTERCEPTED, refusal })
    await fixture.queue.messages.sendNow(ADA, 'usr_1')
    await fixture.settle(await fixture.claimOne(), { ...QUEUED, noAccessMs: 30 * SECONDS, entraAnswered: true })
    await tend()
    expect(await shown()).toEqual(left)
  },
)

it('tells nothing of a gateway for which no message waits any more', async () => {
  const [message] = await claimedInOrder(1)
  if (!message) throw new Error('Nothing was due.')
  await fixture.settle(message, INTERCEPTED)
  await fixture.queue.messages.cancel(
    { tenantId: ADA, service: null, userId: 'usr_1' },
    message.id,
    fixture.clock.now(),
  )
  await fixture.clock.advance(5 * MINUTES)
  await tend()
  expect(await alerts()).toEqual([])
})

it('does not call a queue stalled whose mailbox holds its mail, as another alert tells of that', async () => {
  await hold()
  await fixture.submit()
  await fixture.clock.advance(30 * MINUTES)
  expect(await fixture.queue.upkeep.findStalled(longAgo())).toEqual([])
})

/** What is asked for queues in which nothing has moved for a quarter of an hour. */
function longAgo() {
  const now = fixture.clock.now()
  return { now, movedBefore: new Date(now.getTime() - 15 * MINUTES), recipientsPerDay: 0 }
}
