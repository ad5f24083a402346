import { beforeEach, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { answer, http, requestsTo } from '../test-support/scenario.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

const POLL_SECONDS = 5
const NOBODY = 'nobody@contoso.com'

const ENVIRONMENT = {
  DELIVERY_REPORTS_POLL_SECONDS: String(POLL_SECONDS),
  M365_TENANT_DOMAIN: 'contoso.onmicrosoft.com',
}

const fixture = useDeliveryFixture({ mailbox: 'may be read', environment: ENVIRONMENT })
beforeEach(async () => {
  await fixture.calm()
  await fixture.microsoft.control('PATCH', '/settings', { externalRecipientsPerDay: null })
  await fixture.database.query(`UPDATE tenant_settings SET bounces_enabled = true, bounces_since = mail_now()`)
})

async function send(subject: string, ...to: string[]): Promise<string> {
  const { id } = await fixture.service.submit({ to, subject })
  await fixture.service.until(id, { status: 'sent' })
  return id
}

/** Waits until the inbox has been read, and is not due. */
async function untilRead(): Promise<void> {
  const read = 'SELECT 1 FROM report_inboxes WHERE due_at > mail_now() AND lease_owner IS NULL'
  await expect.poll(() => fixture.database.query(read), { interval: 25 }).toHaveLength(1)
}

/** Lets the inbox become due and be read. */
async function poll(): Promise<void> {
  await untilRead()
  await fixture.pass(POLL_SECONDS * SECONDS)
  await untilRead()
}

const recipientsOf = async (id: string) => (await fixture.service.read(id)).recipients

it('settles the recipient that a report of Exchange names, once, and tells it with the code', async () => {
  const id = await send('bounce', 'max@contoso.com', NOBODY)
  await poll()
  const [max, nobody] = await recipientsOf(id)
  expect(max).toMatchObject({ address: 'max@contoso.com', code: null, note: null })
  expect(nobody).toMatchObject({
    address: NOBODY,
    delivery: 'failed',
    code: '5.1.10',
    explanation: expect.stringMatching(/^There is no mailbox with this address\. Check/),
    detail: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found',
    at: expect.any(String),
    source: 'bounce',
    certain: true,
    note: null,
  })
  const events = await fixture.service.get('/api/v1/message-events?after=0&types=message.bounced')
  expect(events.json.items).toMatchObject([{ messageId: id, recipient: NOBODY, code: '5.1.10' }])

  // Exchange forgets how far the inbox was read: it is listed once more, and no report is read twice.
  await fixture.microsoft.control('DELETE', '/delta-tokens')
  const read = await requestsTo(fixture, 'message-source')
  await poll()
  expect(await requestsTo(fixture, 'message-source')).toBe(read)
})

it('reads nothing of other mail but that it has arrived', async () => {
  const id = await send('to herself', 'ada@contoso.com')
  const counted = async () =>
    Promise.all(['message-get', 'message-source'].map((endpoint) => requestsTo(fixture, endpoint)))
  const before = await counted()
  await poll()
  expect(await counted()).toEqual(before)
  expect(await recipientsOf(id)).toMatchObject([{ note: null }])
})

it('says why the inbox cannot be read, and forgets it once it can', async () => {
  const problem = async () => (await fixture.service.get(SETTINGS)).json.deliveryReports.bounces.problem
  await untilRead()
  await fixture.switchOn(http('inbox-delta', answer(403, 'ErrorAccessDenied')))
  await fixture.switchOn(http('message-search', answer(403, 'ErrorAccessDenied')))
  await poll()
  expect(await problem()).toMatchObject({ code: 'reports-unreadable', since: expect.any(String) })
  await fixture.pass(10 * MINUTES)
  await untilRead()
  expect(await problem()).toBeNull()
})
