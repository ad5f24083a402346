import { beforeAll, beforeEach, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import { graphAnswers } from '../test-support/delivery-fixture.ts'
import { useDatabaseAt } from '../test-support/test-database.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { HOURS, SECONDS } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createOutboxStore } from './outbox-store.ts'

const NOTICES = '/api/v1/notices'

let ada: TestBrowser
const fixture = useDeliveryFixture({ tickMs: 1 })
const database = useDatabaseAt(() => fixture.database.url)
let store: AlertStore
let tenantId: string

beforeAll(async () => {
  ada = fixture.product.newBrowser()
  await ada.signIn('Ada Admin')
  store = createAlertStore(database.prisma, newId)
  const [tenant] = await fixture.database.query<{ id: string }>('SELECT id FROM tenants')
  tenantId = tenant?.id ?? ''
})
beforeEach(async () => {
  await fixture.calm()
  const { status, fromEmail } = (await fixture.service.get(SETTINGS)).json
  if (status !== 'connected' || fromEmail !== 'ada@contoso.com') {
    await connectMailbox(fixture.product)
    await fixture.calm() // messages that were held leave now
  }
  await fixture.database.empty('alert_events', 'messages')
})

interface Raised {
  readonly type: string
  readonly facts: Record<string, unknown>
  readonly count: number
}

async function raised(): Promise<Raised[]> {
  return fixture.database.query<Raised & { [column: string]: unknown }>(
    'SELECT type, facts, count FROM alert_events ORDER BY at, ctid',
  )
}

async function notices() {
  const { status, json } = await signedIn('GET', NOTICES)
  expect(status).toBe(200)
  return json.items
}

/** Calls as Ada, whose session may have ended: the clock moves by days in these tests. */
async function signedIn(method: 'GET' | 'POST', path: string, body?: object) {
  if ((await ada.call('GET', '/api/v1/session')).status === 401) await ada.signIn('Ada Admin')
  return ada.call(method, path, body)
}

async function consentTo(path: string, body: object): Promise<void> {
  const started = await signedIn('POST', `${SETTINGS}/${path}`, body)
  expect((await ada.consent(started.json.consentUrl, 'Ada Admin')).status).toBe(200)
}

/** Has Microsoft revoke the connection, and returns a message that is held for it. */
async function loseConnection(): Promise<string> {
  await fixture.microsoft.control('POST', '/people/ada@contoso.com/revoke-tokens', { accessTokens: true })
  const { id } = await fixture.service.submit()
  await fixture.service.until(id, { status: 'held' })
  return id
}

async function failMessage(subject = 'Refused', code = 'ErrorInvalidRecipients'): Promise<void> {
  await fixture.switchOn(graphAnswers(400, code))
  const { id } = await fixture.service.submit({ subject })
  await fixture.service.until(id, { status: 'failed' })
}

async function firstFailedAt(): Promise<string | undefined> {
  const [{ at } = {}] = await fixture.database.query<{ at?: Date }>('SELECT min(ended_at) AS at FROM messages')
  return at?.toISOString()
}

async function toNextMinute(): Promise<void> {
  const nowMs = fixture.clock.now().getTime()
  await fixture.pass(60 * SECONDS - (nowMs % (60 * SECONDS)))
}

// The mailbox

it('raises one alert when the mailbox has to be reconnected, and one when it works again', async () => {
  await fixture.microsoft.control('POST', '/people/ada@contoso.com/revoke-tokens', { accessTokens: true })
  const [one, two] = [await fixture.service.submit(), await fixture.service.submit()]
  await fixture.service.until(one.id, { status: 'held' })
  await fixture.service.until(two.id, { status: 'held' })

  const { json: settings } = await fixture.service.get(SETTINGS)
  const { title, detail, action, correlationId, values } = settings.problem
  const required = {
    type: 'mailbox.reconnect-required',
    facts: { fromEmail: 'ada@contoso.com', title, detail, action, correlationId, values },
    count: 1,
  }
  expect(await raised()).toEqual([required])

  await consentTo('reconnect', {})
  await fixture.service.until(two.id, { status: 'sent' })
  expect(await raised()).toEqual([
    required,
    { type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' }, count: 1 },
  ])
})

it('changes no state without its alert: both are written in one transaction', async () => {
  await fixture.database.query(`ALTER TABLE alert_events ADD CONSTRAINT none CHECK (type = '') NOT VALID`)
  await fixture.microsoft.control('POST', '/people/ada@contoso.com/revoke-tokens', { accessTokens: true })
  const { id } = await fixture.service.submit()
  await expect.poll(() => fixture.product.logLines.join('')).toContain('alert_events')
  const { json } = await fixture.service.get(SETTINGS)
  await fixture.database.query('ALTER TABLE alert_events DROP CONSTRAINT none')

  expect(json.status).toBe('connected')
  await fixture.pass(1 * HOURS)
  await fixture.service.until(id, { status: 'held' })
  expect(await raised()).toMatchObject([{ type: 'mailbox.reconnect-required' }])
})

// Failed messages

it('publishes one alert with the number of messages that failed in a minute, once it is over', async () => {
  await toNextMinute()
  await failMessage()
  await failMessage('Refused', 'ErrorMessageSizeExceeded')
  await failMessage()

  const [alert] = await raised()
  expect(alert).toMatchObject({
    type: 'message.failed',
    facts: { causes: { ErrorInvalidRecipients: 2, ErrorMessageSizeExceeded: 1 } },
    count: 3,
  })
  expect(new Date(String(alert?.facts['since'])).toISOString()).toBe(await firstFailedAt())
  await toNextMinute()
  await createOutboxStore(database.pool).publish()
  expect(await fixture.database.query('SELECT 1 FROM alert_events WHERE published_at IS NULL')).toHaveLength(1)
  await fixture.pass(6 * SECONDS)
  await createOutboxStore(database.pool).publish()
  expect(await fixture.database.query('SELECT 1 FROM alert_events WHERE published_at IS NULL')).toEqual([])
})

it('contains neither address nor subject of a message', async () => {
  await failMessage('A subject that nobody else may read')

  const everything = JSON.stringify(await fixture.database.query('SELECT * FROM alert_events'))
  expect(everything).not.toContain('A subject that nobody else may read')
  expect(everything).not.toContain('max@contoso.com')
})

// Notices

it('shows the newest of each subject, newest first', async () => {
  await failMessage()
  await loseConnection()

  expect(await notices()).toMatchObject([
    { type: 'mailbox.reconnect-required', title: 'Mail from ada@contoso.com waits: reconnect the mailbox' },
    { type: 'messages.failed', title: 'A message failed' },
  ])
  await consentTo('reconnect', {}) // releases the held message
})

it('shows only the latest alert about a mailbox, until it is changed or reset', async () => {
  await loseConnection()
  await consentTo('reconnect', {})
  expect(await notices()).toMatchObject([{ type: 'mailbox.recovered' }])
  expect(await fixture.database.query(`SELECT type FROM alert_events WHERE dismissed_at IS NULL`)).toEqual([
    { type: 'mailbox.recovered' },
  ])

  await consentTo('update-sender', { fromEmail: 'reports@contoso.com' })
  expect(await notices()).toEqual([])

  const id = await loseConnection()
  expect(await notices()).toMatchObject([{ type: 'mailbox.reconnect-required' }])
  await connectMailbox(fixture.product) // by a reset
  await fixture.service.until(id, { status: 'sent' })
  expect(await notices()).toEqual([])
})

it('adds up the messages that failed in different minutes, and dismisses them together for every admin', async () => {
  await failMessage()
  await toNextMinute()
  await failMessage()
  await failMessage('Refused', 'ErrorMessageSizeExceeded')
  const [{ id, ...notice }] = await notices()
  expect(notice).toMatchObject({
    type: 'messages.failed',
    title: '3 messages failed',
    detail: expect.stringMatching(/^2 refused: invalid recipient \(ErrorInvalidRecipients\); 1 refused: too large/),
    values: {
      count: 3,
      since: await firstFailedAt(),
      'cause.ErrorInvalidRecipients': 2,
      'cause.ErrorMessageSizeExceeded': 1,
    },
  })

  for (let time = 0; time < 2; time++) expect((await signedIn('POST', `${NOTICES}/${id}/dismiss`)).status).toBe(204)

  expect(await notices()).toEqual([])
  const events = `SELECT actor, outcome, details FROM audit_events WHERE action = 'notice-dismissed' AND details ->> 'notice' = $1`
  expect(await fixture.database.query(events, [id])).toEqual([
    { actor: expect.stringMatching(/^usr_/), outcome: 'done', details: { notice: id, what: 'messages.failed' } },
  ])
})

it('counts a message once that is retried and fails again, and none that is retried and sent', async () => {
  await failMessage()
  await failMessage('Large', 'ErrorMessageSizeExceeded')
  const [refused] = await fixture.database.query<{ id: string }>(`SELECT id FROM messages WHERE subject = 'Refused'`)
  const [large] = await fixture.database.query<{ id: string }>(`SELECT id FROM messages WHERE subject = 'Large'`)
  const retry = (id = '') => fixture.service.post(`/api/v1/messages/${id}/retry`)
  const failedTimes = (times: number) =>
    expect.poll(() => fixture.database.query(`SELECT sum(count)::int AS times FROM alert_events`)).toEqual([{ times }])
  await toNextMinute()

  await fixture.switchOn(graphAnswers(400, 'ErrorInvalidRecipients'))
  await retry(refused?.id)
  await failedTimes(3)
  expect(await notices()).toMatchObject([
    {
      title: '2 messages failed',
      detail: '1 refused: invalid recipient (ErrorInvalidRecipients); 1 refused: too large (ErrorMessageSizeExceeded).',
    },
  ])

  await retry(large?.id)
  await fixture.service.until(large?.id ?? '', { status: 'sent' })
  expect(await notices()).toMatchObject([{ title: 'A message failed', values: { count: 1 } }])
  // Webhooks are told of every failure.
  expect((await raised()).map(({ count }) => count)).toEqual([2, 1])

  await retry(refused?.id)
  await fixture.service.until(refused?.id ?? '', { status: 'sent' })
  expect(await notices()).toEqual([])
})

it('shows what happens after a notice was dismissed, even within the same minute', async () => {
  await toNextMinute()
  await failMessage()
  const [{ id }] = await notices()
  await signedIn('POST', `${NOTICES}/${id}/dismiss`)
  await failMessage()

  expect(await notices()).toMatchObject([{ type: 'messages.failed' }])
})

it('dismisses no notice of another subject or tenant', async () => {
  await failMessage()
  await fixture.database.query(
    `INSERT INTO alert_events (id, tenant_id, type, at, facts, publish_at) VALUES
       ('alt_${'a'.repeat(32)}', 'ten_other', 'message.failed', now(), '{}', now()),
       ('alt_${'b'.repeat(32)}', $1, 'mailbox.recovered', now() - interval '1 year', '{"fromEmail":"ada@contoso.com"}', now())`,
    [tenantId],
  )
  const failed = (await notices()).find(({ type }: { type: string }) => type === 'messages.failed')
  await signedIn('POST', `${NOTICES}/${failed.id}/dismiss`)

  expect(await notices()).toMatchObject([{ type: 'mailbox.recovered' }])
  const open = await fixture.database.query<{ id: string }>(
    'SELECT id FROM alert_events WHERE dismissed_at IS NULL ORDER BY id',
  )
  expect(open.map(({ id }) => id)).toEqual([`alt_${'a'.repeat(32)}`, `alt_${'b'.repeat(32)}`])
  expect((await signedIn('POST', `${NOTICES}/alt_${'a'.repeat(32)}/dismiss`)).status).toBe(404)
})

it('keeps an alert for 30 days', async () => {
  await failMessage()
  const sweepAfter = async (days: number) => {
    await fixture.database.query('UPDATE alert_events SET at = mail_now() - $1 * $2::interval', [days, '1 day'])
    await store.sweep(fixture.clock.now())
  }

  await sweepAfter(29)
  expect(await raised()).toHaveLength(1)
  await sweepAfter(31)
  expect(await raised()).toEqual([])
})
