import { beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { draftsIn, http, requestsTo, switchOn } from '../test-support/scenario.ts'
import type { Answer, TestBrowser } from '../test-support/test-browser.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { files, RANGE_BYTES, submitFiles } from '../test-support/upload-fixture.ts'
import { useProduct } from '../test-support/use-fixture.ts'

const STAGING = 'bob@contoso.com'
const { fixture, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
let ada: TestBrowser

beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.database.empty('messages')
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
  await redirectTo(null)
  await connectMailbox(product, { largeAttachments: true })
})

async function redirectTo(redirectAllTo: string | null): Promise<Answer> {
  const changed = await ada.call('PUT', '/api/v1/tenant-settings/recipients', { allowedDomains: [], redirectAllTo })
  expect(changed.status).toBe(200)
  return changed
}

/** The mails with this subject: who got them, and whom they name. */
async function arrivals(subject: string): Promise<{ mailbox: string; to: string[] }[]> {
  const found = []
  for (const mailbox of ['max@contoso.com', 'ada@contoso.com', STAGING])
    for (const mail of await mailsIn(fixture.microsoft, subject, { mailbox }))
      found.push({
        mailbox,
        to: [...mail.to, ...mail.cc, ...mail.bcc].map(({ address }: { address: string }) => address),
      })
  return found
}

const untilRedirected = () =>
  expect
    .poll(() => fixture.database.query('SELECT redirect_all_to FROM tenant_settings'), { interval: 25 })
    .toEqual([{ redirect_all_to: STAGING }])

const ONLY_STAGING = [{ mailbox: STAGING, to: [STAGING] }]

it('sends what waits to one address alone, whoever it was for, and shows its own recipients in the API', async () => {
  await setMailbox(fixture.database, { paused_until: new Date(Date.now() + 1 * HOURS) })
  const recipients = { to: ['max@contoso.com'], cc: ['ada@contoso.com'], bcc: ['max@contoso.com'] }
  const { id } = await service.submit({ subject: 'Waits', ...recipients })

  await redirectTo(STAGING)
  await setMailbox(fixture.database, { paused_until: null })
  await fixture.database.wakeWorkers()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ to: [{ address: 'max@contoso.com' }] })
  expect(await arrivals('[for max@contoso.com +2] Waits')).toEqual(ONLY_STAGING)
  expect(await arrivals('Waits')).toEqual([])
})

it('keeps an upload that is under way from its recipients, and makes its draft anew', async () => {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product, service }, 'Uploading', files(2 * RANGE_BYTES + 1))
  await range.untilHeld()

  const changed = redirectTo(STAGING)
  await untilRedirected()
  await range.release()
  await changed

  await service.until(id, { status: 'sent', possibleDuplicate: false })
  expect(await arrivals('[for max@contoso.com] Uploading')).toEqual(ONLY_STAGING)
  expect(await arrivals('Uploading')).toEqual([])
  await expect.poll(() => draftsIn(fixture, 'Uploading')).toEqual([])
})

it('does not send a draft whose making was not answered before mail was redirected', async () => {
  await switchOn(fixture, http('draft-create', { action: 'reset', when: 'after' }))
  const { id } = await service.submit({ subject: 'Unanswered' })
  await expect.poll(() => draftsIn(fixture, 'Unanswered')).toHaveLength(1)
  await setMailbox(fixture.database, { paused_until: new Date(Date.now() + 1 * HOURS) })
  await service.until(id, { status: 'queued' })

  await redirectTo(STAGING)
  await fixture.database.query('UPDATE message_queue SET due_at = mail_now()')
  await setMailbox(fixture.database, { paused_until: null })
  await fixture.database.wakeWorkers()

  await service.until(id, { status: 'sent' })
  expect(await arrivals('[for max@contoso.com] Unanswered')).toEqual(ONLY_STAGING)
  expect(await arrivals('Unanswered')).toEqual([])
})

it('completes a consent that was open when mail was redirected, proved by a message that is not', async () => {
  const { json: started } = await ada.call('POST', `${SETTINGS}/reconnect`, {})
  const before = await requestsTo(fixture, 'sendMail')
  await redirectTo(STAGING)

  expect((await ada.consent(started.consentUrl, 'Ada Admin')).status).toBe(200)

  expect((await requestsTo(fixture, 'sendMail')) - before).toBe(1)
  const { items } = await fixture.microsoft.control('GET', `/mailboxes/${STAGING}/messages?folder=inbox&limit=1000`)
  expect(items.filter((mail: { to: { address: string }[] }) => mail.to[0]?.address !== STAGING)).toEqual([])
  expect((await ada.call('GET', `/api/v1/consents/${started.id}`)).json.status).toBe('completed')
})
