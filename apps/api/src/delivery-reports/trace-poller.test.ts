import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import { explainTrace, toReportsProblem } from '@inforiver-mail/m365/explain-reports'
import { createGraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMessageTrace } from '@inforiver-mail/m365/message-trace'
import { createMicrosoftFetch, type MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { MessageEventType } from '@inforiver-mail/contract/message-event'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { BEFORE_ALL_EVENTS } from '../queue/records/events.ts'
import { createReportSourceStore } from '../settings/reports-store.ts'
import { ADA, useQueueFixture, IN_DOUBT, SENT } from '../test-support/queue-fixture.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { TEST_REGISTRATION } from '../test-support/test-product.ts'
import { useMicrosoft } from '../test-support/use-fixture.ts'
import { createTraceMetrics } from './report-metrics.ts'
import { createTracePoller, type PollTrace } from './trace-poller.ts'
import { createTraceStore } from './trace-store.ts'

const POLL_MS = 60 * SECONDS
const RUNNING = new AbortController().signal
const fetchMicrosoft = createMicrosoftFetch({ timeoutMs: 10_000 })

const fixture = useQueueFixture()
const microsoft = useMicrosoft(() => fixture.clock.now())
let poll: PollTrace
let sender: string
let reader: string

beforeEach(async () => {
  await microsoft.control('POST', '/reset')
  await fixture.database.empty('messages', 'message_events', 'message_traces')
  await fixture.database.query('UPDATE tenant_settings SET trace_enabled = true, trace_problem = NULL')
  await fixture.clock.advance(10 * MINUTES)
  await set({ accessTokenSeconds: 86_400 })
  sender = (await microsoft.control('POST', '/people/ada@contoso.com/tokens', { scopes: ['Mail.Send'] })).accessToken
  const permissions = [...((await microsoft.control('GET', '/settings')).applicationPermissions as string[])]
  reader = (await microsoft.control('POST', '/application/tokens', { permissions })).accessToken
  poll = newProcess('one')
})

const set = (settings: object) => microsoft.control('PATCH', '/settings', settings)
const requests = async (): Promise<number> => (await microsoft.control('GET', '/traces')).requests

function newProcess(
  owner: string,
  {
    rowsAtOnce,
    pollMs = POLL_MS,
    onRequest = () => {},
    fetch = fetchMicrosoft,
  }: { rowsAtOnce?: number; pollMs?: number; onRequest?: () => void | Promise<unknown>; fetch?: MicrosoftFetch } = {},
) {
  const options = { graphBaseUrl: microsoft.graphBaseUrl, fetch, clock: fixture.clock.now }
  const sources = createReportSourceStore(fixture.opened.pool)
  return createTracePoller({
    store: createTraceStore(fixture.opened.pool),
    reports: fixture.newProcess().reports,
    noteProblem: (tenantId, problem) => sources.noteProblem(tenantId, 'trace', problem),
    explain: (refusal, hasPermission) =>
      toReportsProblem(
        explainTrace(refusal, {
          isOn: true,
          hasPermission,
          approvalLink: 'https://approve',
          adminCenters: adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com'),
        }),
      ),
    trace: createMessageTrace(options),
    tokens: {
      async get() {
        await onRequest()
        return { outcome: 'granted', accessToken: reader }
      },
      forget() {},
      hasPermission: () => true,
    },
    pollMs,
    ...(rowsAtOnce !== undefined && { rowsAtOnce }),
    owner,
    metrics: createTraceMetrics(new Registry()),
    clock: fixture.clock.now,
    timers: systemTimers,
    logger: pino({ enabled: false }),
  })
}

/** Sends a message by Microsoft, and settles it. */
async function send(to: readonly string[], subject = 'Q3', settlement = SENT): Promise<string> {
  const recipients = to.map((address) => ({ address }))
  const id = await fixture.submit({ to: recipients, recipients: to.length, subject })
  const mailer = createGraphMailer({
    graphBaseUrl: microsoft.graphBaseUrl,
    fetch: fetchMicrosoft,
    clock: fixture.clock.now,
  })
  const outgoing = {
    id,
    from: { address: 'ada@contoso.com' },
    to: recipients,
    cc: [],
    bcc: [],
    replyTo: [],
    subject,
    html: null,
    text: 'Hello',
    attachments: [],
    headers: {},
    importance: 'normal' as const,
    saveToSentItems: true,
  }
  const message = await fixture.claimOne()
  expect(await mailer.send(outgoing, { accessToken: sender })).toMatchObject({ outcome: 'sent' })
  await fixture.settle(message, settlement)
  return id
}

async function known(id: string): Promise<unknown> {
  const { recipients } = await fixture.read(id)
  return Object.fromEntries(
    recipients.map(({ address, delivery, code, certain }) => [
      address,
      [delivery, ...(code === null ? [] : [code]), ...(certain ? [] : ['likely'])].join(' '),
    ]),
  )
}

async function nextPoll(): Promise<void> {
  await fixture.clock.advance(POLL_MS)
  await poll(ADA, RUNNING)
}

it('tells of each recipient what the trace says, and asks for details only where a code is wanted', async () => {
  await set({ recipients: { 'eva@fabrikam.com': { status: 'teleported' } } })
  const id = await send([
    'max@contoso.com',
    'nobody@contoso.com',
    'x@quarantine.example',
    'x@spam.example',
    'board@contoso.com',
    'eva@fabrikam.com',
  ])

  await poll(ADA, RUNNING)

  expect(await known(id)).toEqual({
    'max@contoso.com': 'delivered',
    'nobody@contoso.com': 'failed 5.1.10',
    'x@quarantine.example': 'quarantined',
    'x@spam.example': 'spam',
    'board@contoso.com': 'expanded',
    'eva@fabrikam.com': 'pending',
  })
  expect(await requests()).toBe(2)
  const filter = { types: MessageEventType.options.slice(5), services: null }
  const told = await fixture.queue.events.read(ADA, BEFORE_ALL_EVENTS, 100, filter)
  expect(told?.events.map(({ event }) => [event.type, event.recipient, event.code, event.detail]).toSorted()).toEqual([
    ['message.bounced', 'nobody@contoso.com', '5.1.10', expect.stringContaining('550 5.1.10')],
    ['message.delivered', 'max@contoso.com', null, null],
    ['message.delivered', 'x@spam.example', null, 'spam'],
    ['message.quarantined', 'x@quarantine.example', null, null],
  ])
})

it('reads the code of a failure again where the database was away before it was stored', async () => {
  const id = await send(['nobody@contoso.com'])
  await fixture.database.query(
    `ALTER TABLE recipient_outcomes ADD CONSTRAINT away CHECK (code IS NULL OR tenant_id <> '${ADA}') NOT VALID`,
  )
  await expect(poll(ADA, RUNNING)).rejects.toThrow('away')
  await fixture.database.query('ALTER TABLE recipient_outcomes DROP CONSTRAINT away')
  expect(await known(id)).toEqual({ 'nobody@contoso.com': 'failed' })

  await nextPoll()

  expect(await known(id)).toEqual({ 'nobody@contoso.com': 'failed 5.1.10' })
})

it('asks nothing while nothing is awaited, nor before the next poll', async () => {
  await poll(ADA, RUNNING)
  expect(await requests()).toBe(0)
  await send(['max@contoso.com', 'eva@fabrikam.com'])
  await set({ recipients: { 'eva@fabrikam.com': { status: 'pending' } } })
  await nextPoll()
  const asked = await requests()
  expect(asked).toBeGreaterThan(0)
  expect(await poll(ADA, RUNNING)).toBe(false)
  expect(await newProcess('two')(ADA, RUNNING)).toBe(false)
  expect(await requests()).toBe(asked)
})

it('looks for messages in doubt since they were accepted: for one by its Message-ID, for several by one window', async () => {
  const wait = { ...IN_DOUBT, waitMs: 12 * HOURS }
  const newSight = async (ids: readonly string[]) =>
    Promise.all(ids.map((id) => fixture.queue.deliveries.readSight({ id, tenantId: ADA })))
  const one = await send(['max@contoso.com'], 'One', wait)
  await fixture.clock.advance(3 * HOURS)
  await poll(ADA, RUNNING)
  expect(await newSight([one])).toEqual(['seen'])
  await fixture.settle(await fixture.claimOne(), SENT)
  const before = await requests()
  const several = [await send(['max@contoso.com'], 'Two', wait), await send(['bob@contoso.com'], 'Three', wait)]
  await fixture.clock.advance(3 * HOURS)
  await poll(ADA, RUNNING)
  expect(await newSight(several)).toEqual(['seen', 'seen'])
  expect(await requests()).toBe(before + 2) // one for what was sent within the hour, as the messages may have been
})

it.each([
  ['the first time', null],
  ['again, when it was retried', '<earlier@outlook.example>'],
])('looks for a message in doubt that went by draft %s by the Message-ID of that draft', async (_, earlierId) => {
  await set({ jsonMessageId: 'rewritten' })
  const id = await send(['max@contoso.com'], 'By draft', { ...IN_DOUBT, waitMs: 12 * HOURS })
  const [mail] = (await microsoft.control('GET', '/mailboxes/max@contoso.com/messages')).items
  await fixture.database.query(
    `WITH draft AS (INSERT INTO message_drafts (message_id, tenant_id, draft_id, internet_message_id) VALUES ($1, $2, 'draft', $3))
     UPDATE message_queue SET has_draft = true WHERE message_id = $1`,
    [id, ADA, mail.internetMessageId],
  )
  await fixture.database.query('UPDATE messages SET internet_message_id = $2 WHERE id = $1', [id, earlierId])

  await fixture.clock.advance(3 * HOURS)
  await poll(ADA, RUNNING)

  expect(await fixture.queue.deliveries.readSight({ id, tenantId: ADA })).toBe('seen')
})

it('asks every five minutes at least, since a message in doubt is waited for an hour', async () => {
  const rare = newProcess('rare', { pollMs: 60 * MINUTES })
  await send(['max@contoso.com'], 'In doubt', IN_DOUBT)
  await rare(ADA, RUNNING)
  const before = await requests()
  await fixture.clock.advance(5 * MINUTES)
  expect(await rare(ADA, RUNNING)).toBe(true)
  expect(await requests()).toBeGreaterThan(before)
})

it.each([
  ['recent', 2 * HOURS, 30 * MINUTES],
  ['older', 20 * HOURS, 3 * HOURS],
])(
  'finds %s mail in doubt at once where the clock of the database was set back by more than that',
  async (_, ms, ageMs) => {
    await fixture.clock.advance(ms)
    await send(['max@contoso.com'], 'By the clock as it was')
    await nextPoll()
    const store = createTraceStore(fixture.opened.pool)
    await store.pause(ADA, 30 * SECONDS)
    await nextPoll()
    await fixture.clock.advance(POLL_MS)
    expect(await store.take(ADA, 'dead')).not.toBeNull()
    await fixture.clock.advance(-ms)
    const id = await send(['max@contoso.com'], 'In doubt', { ...IN_DOUBT, waitMs: 12 * HOURS })

    await fixture.clock.advance(ageMs)
    await poll(ADA, RUNNING)

    expect(await fixture.queue.deliveries.readSight({ id, tenantId: ADA })).toBe('seen')
  },
)

it('takes a row as likely where Exchange gave the message another Message-ID', async () => {
  await set({ traceMessageId: 'rewritten' })
  const first = await send(['max@contoso.com'], 'Q3')
  await fixture.clock.advance(2 * MINUTES)
  const second = await send(['max@contoso.com', 'nobody@contoso.com'], 'Q3')
  const other = await send(['bob@contoso.com'], 'Q4')
  await nextPoll()
  expect(await known(first)).toEqual({ 'max@contoso.com': 'delivered likely' })
  expect(await known(second)).toEqual({
    'max@contoso.com': 'delivered likely',
    'nobody@contoso.com': 'failed 5.1.10 likely',
  })
  expect(await known(other)).toEqual({ 'bob@contoso.com': 'delivered likely' })
})

it('takes a row for one message only, also where the next is alike', async () => {
  await set({ traceMessageId: 'rewritten' })
  const first = await send(['max@contoso.com'], 'Alert')
  await nextPoll()
  await set({ recipients: { 'max@contoso.com': { status: 'quarantined' } }, traceDelayMs: 5 * MINUTES })
  const second = await send(['max@contoso.com'], 'Alert')
  await nextPoll()
  expect([await known(first), await known(second)]).toEqual([
    { 'max@contoso.com': 'delivered likely' },
    { 'max@contoso.com': 'pending' },
  ])
  await fixture.clock.advance(5 * MINUTES)
  await nextPoll()
  expect(await known(second)).toEqual({ 'max@contoso.com': 'quarantined likely' })
})

it('reads newer and older mail also where a next page is never answered', async () => {
  const broken = { action: 'answer', when: 'before', status: 500, body: '' }
  await microsoft.control('POST', '/scenarios', {
    effect: { kind: 'http', endpoint: 'keys', do: broken },
    times: 'always',
  })
  const keys = `${microsoft.url}/${TEST_REGISTRATION.tenantId}/discovery/v2.0/keys`
  const brokenPages: MicrosoftFetch = (url, init) => fetchMicrosoft(url.includes('$skiptoken=') ? keys : url, init)
  const old = await send(['max@contoso.com'], 'Old')
  await fixture.clock.advance(2 * HOURS)
  const unreached = await send(['max@contoso.com'], 'On the second page')
  await send(['max@contoso.com'], 'On the first page')
  poll = newProcess('one', { rowsAtOnce: 1, fetch: brokenPages })
  await nextPoll()
  const newer = await send(['nobody@contoso.com'], 'Newer')
  for (let minute = 0; minute < 12; minute++) await nextPoll()
  expect(await known(newer)).toEqual({ 'nobody@contoso.com': 'failed 5.1.10' })
  expect(await known(old)).toEqual({ 'max@contoso.com': 'delivered' })
  expect(await known(unreached)).toEqual({ 'max@contoso.com': 'pending' })
  expect((await microsoft.control('GET', '/counters')).endpoints['keys'].byStatus).toEqual({ 500: expect.any(Number) })

  poll = newProcess('two', { rowsAtOnce: 1 })
  for (let minute = 0; minute < 6; minute++) await nextPoll()
  expect(await known(unreached)).toEqual({ 'max@contoso.com': 'delivered' })
})

it('knows a recipient under another address, but takes no member of a list for one', async () => {
  await set({ traceAddresses: { 'max.member@contoso.com': 'max@contoso.com' } })
  const alias = await send(['max.member@contoso.com', 'bob@contoso.com'])
  await set({ traceAddresses: { 'board@contoso.com': 'nowhere@elsewhere.example' } })
  const list = await send(['board@contoso.com'])
  await nextPoll()
  await nextPoll()
  expect(await known(alias)).toEqual({ 'max.member@contoso.com': 'delivered', 'bob@contoso.com': 'delivered' })
  expect(await known(list)).toEqual({ 'board@contoso.com': 'expanded' })
})

it('tells nothing of recipients whose mail was redirected', async () => {
  const id = await send(['max@contoso.com'], '[for cfo@contoso.com] Q3')
  await fixture.database.query(
    `UPDATE messages SET "to" = '[{"address":"cfo@contoso.com"}]', subject = 'Q3' WHERE id = $1`,
    [id],
  )
  await nextPoll()
  expect(await known(id)).toEqual({ 'cfo@contoso.com': 'pending' })
})

it('goes on where a process stopped, and reads no page twice', async () => {
  for (let nth = 0; nth < 6; nth++) await send(['max@contoso.com', 'bob@contoso.com'], `Report ${nth}`)
  const killed = new AbortController()
  let asked = 0
  const onRequest = () => {
    if (asked++ === 1) killed.abort()
  }
  await newProcess('stopped', { rowsAtOnce: 5, onRequest })(ADA, killed.signal).catch(() => {})
  expect(await requests()).toBe(1)
  await fixture.clock.advance(10 * MINUTES)
  poll = newProcess('other', { rowsAtOnce: 5 })
  await poll(ADA, RUNNING)
  expect(await requests()).toBe(3)
  expect((await fixture.queue.reports.readAwaited(ADA)).length).toBe(0)
})

it('asks no further once the trace is switched off', async () => {
  for (let nth = 0; nth < 4; nth++) await send(['max@contoso.com', 'nobody@contoso.com'], `Report ${nth}`)
  const onRequest = () => fixture.database.query('UPDATE tenant_settings SET trace_enabled = false')
  await newProcess('one', { rowsAtOnce: 2, onRequest })(ADA, RUNNING)
  expect(await requests()).toBe(1)
})

it('waits as long as Microsoft asks, and says what is wrong where it refuses', async () => {
  const id = await send(['max@contoso.com'])
  const answer = (status: number, message: string, headers = {}) =>
    microsoft.control('POST', '/scenarios', {
      effect: {
        kind: 'http',
        endpoint: 'message-trace',
        do: { action: 'answer', when: 'before', status, headers, body: { error: { code: 'x', message } } },
      },
      times: 'always',
    })
  const problem = async () =>
    (
      await fixture.database.query<{ code: string | null }>(
        `SELECT trace_problem ->> 'code' AS code FROM tenant_settings WHERE tenant_id = $1`,
        [ADA],
      )
    )[0]?.code
  const asked = async () => (await microsoft.control('GET', '/counters')).endpoints['message-trace'].byStatus

  await answer(429, 'Too many.', { 'retry-after': '600' })
  await nextPoll()
  await nextPoll()
  expect(await asked()).toEqual({ 429: 1 })
  expect(await problem()).toBeNull()

  await microsoft.control('DELETE', '/scenarios')
  await answer(
    401,
    'Service principal-less Authentication failed: the service principal for App ID 8bd6 was not found.',
  )
  await fixture.clock.advance(10 * MINUTES)
  await nextPoll()
  expect(await problem()).toBe('trace-not-provisioned')
  await nextPoll()
  expect(await asked()).toEqual({ 429: 1, 401: 1 })

  await microsoft.control('DELETE', '/scenarios')
  await fixture.clock.advance(10 * MINUTES)
  await nextPoll()
  expect(await problem()).toBeNull()
  expect(await known(id)).toEqual({ 'max@contoso.com': 'delivered' })

  // Also where another source has settled everything meanwhile.
  const next = await send(['bob@contoso.com'])
  await answer(403, '')
  await nextPoll()
  expect(await problem()).toBe('trace-unavailable')
  const bounce = { delivery: 'failed', code: '5.2.2', detail: null, at: null, source: 'bounce', note: null } as const
  await fixture.queue.reports.apply(ADA, [{ messageId: next, recipient: 'bob@contoso.com', certain: true, ...bounce }])
  await microsoft.control('DELETE', '/scenarios')
  await fixture.clock.advance(10 * MINUTES)
  await nextPoll()
  expect(await problem()).toBeNull()
  const before = await requests()
  await nextPoll()
  expect(await requests()).toBe(before)
})

it('never asks more than 20 times in 5 minutes, and settles everything within 10 minutes of its row', async () => {
  await set({ traceDelayMs: { min: 0, max: 30 * MINUTES }, tracePendingMs: { min: 0, max: 20 * MINUTES } })
  const people = ['max@contoso.com', 'nobody@contoso.com', 'bob@contoso.com', 'x@quarantine.example', 'x@spam.example']
  for (let minute = 0; minute < 75; minute++) {
    if (minute < 30)
      for (let nth = 0; nth < 2; nth++)
        await send(people.slice(0, 1 + ((minute * 2 + nth) % 5)), `Report ${minute} ${nth}`)
    await nextPoll()
  }
  for (let minute = 0; minute < 15; minute++) await nextPoll()
  expect(await fixture.queue.reports.readAwaited(ADA)).toEqual([])
  expect((await microsoft.control('GET', '/traces')).maxPer5Minutes).toBeLessThanOrEqual(20)
})
