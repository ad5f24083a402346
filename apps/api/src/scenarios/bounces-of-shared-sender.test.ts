import { beforeAll, beforeEach, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { SECONDS } from '../test-support/test-clock.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// Ada sends from a shared mailbox, in one request where Sent Items can be searched.

const POLL_SECONDS = 5
const NOBODY = 'nobody@contoso.com'

const fixture = useDeliveryFixture({
  fromEmail: 'reports@contoso.com',
  mailbox: 'can be searched',
  environment: { DELIVERY_REPORTS_POLL_SECONDS: String(POLL_SECONDS) },
})
beforeAll(async () => {
  const ada = fixture.product.newBrowser()
  await ada.signIn('Ada Admin')
  const started = await ada.call('POST', `${SETTINGS}/delivery-reports`, { bounces: true })
  await ada.consent(started.json.consentUrl, 'Ada Admin')
})
beforeEach(() => fixture.calm())

async function send(subject: string): Promise<string> {
  const { id } = await fixture.service.submit({ to: [NOBODY], subject })
  await fixture.service.until(id, { status: 'sent' })
  return id
}

/** Lets both inboxes become due and be read. */
async function poll(): Promise<void> {
  const read = 'SELECT 1 FROM report_inboxes WHERE due_at > mail_now() AND lease_owner IS NULL'
  const untilRead = () => expect.poll(() => fixture.database.query(read), { interval: 25 }).toHaveLength(2)
  await untilRead()
  await fixture.pass(POLL_SECONDS * SECONDS)
  await untilRead()
}

const set = (settings: object) => fixture.microsoft.control('PATCH', '/settings', settings)
const recipientsOf = async (id: string) => (await fixture.service.read(id)).recipients
const REPORTED = [{ delivery: 'failed', code: '5.1.10', source: 'bounce', certain: true }]

it('settles recipients by reports in the shared inbox, and in that of the delegate', async () => {
  const id = await send('to the shared inbox')
  await poll()
  expect(await recipientsOf(id)).toMatchObject(REPORTED)
  await set({ reportsTo: 'sender' })
  const other = await send('to the delegate')
  await poll()
  await fixture.pass(600 * SECONDS)
  await poll()
  expect(await recipientsOf(other)).toMatchObject(REPORTED)
})

it('finds the message whose Message-ID Exchange has replaced', async () => {
  await set({ reportsTo: 'from', jsonMessageId: 'rewritten' })
  const id = await send('rewritten')
  await poll()
  expect(await recipientsOf(id)).toMatchObject(REPORTED)
})
