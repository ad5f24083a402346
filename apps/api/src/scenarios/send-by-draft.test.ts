import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { consent, draftsIn } from '../test-support/scenario.ts'

// The delegate granted Mail.ReadWrite, and nobody knows whether sent mail can be found in this mailbox.

const fixture = useDeliveryFixture({ mailbox: 'may be read' })

beforeEach(async () => {
  await fixture.calm()
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 0 })
})

async function count(endpoint: string, since: Date): Promise<number> {
  return (await fixture.requestTimes(endpoint, since)).length
}

it('sends by draft while nobody knows whether the mailbox can be searched', async () => {
  const since = fixture.clock.now()
  const content = Buffer.from('attachment').toString('base64')
  const { id } = await fixture.service.submit({
    subject: 'By draft',
    attachments: [{ filename: 'a.txt', content }],
    headers: { 'x-report-id': '42' },
  })

  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({
    attempts: [{ outcome: 'sent' }],
    possibleDuplicate: false,
  })
  expect(await count('sendMail', since)).toBe(0)
  expect(await count('draft-send', since)).toBe(1)
  const [arrived] = await mailsIn(fixture.microsoft, 'By draft')
  expect(arrived).toMatchObject({ attachments: [{ name: 'a.txt' }], headers: [{ name: 'x-report-id', value: '42' }] })
  expect(await draftsIn(fixture, 'By draft')).toEqual([])
})

it('sends by draft only what is to leave no copy in Sent Items, once the mailbox can be searched', async () => {
  await fixture.database.query(`UPDATE tenant_settings SET sent_items_search = 'works'`)
  const since = fixture.clock.now()
  const one = await fixture.service.submit({ subject: 'No copy', saveToSentItems: false })
  const other = await fixture.service.submit({ subject: 'A copy' })
  for (const { id } of [one, other]) await fixture.service.until(id, { status: 'sent' })

  expect(await count('draft-send', since)).toBe(1)
  expect(await count('sendMail', since)).toBe(1)
  await fixture.database.query(`UPDATE tenant_settings SET sent_items_search = 'unknown'`)
})

it('holds all mail, and sends none from the account, where Exchange ignores from', async () => {
  await consent(fixture.product, 'update-sender', { fromEmail: 'reports@contoso.com' })
  await fixture.microsoft.control('PATCH', '/settings', { jsonFrom: 'ignored' })
  const subject = 'From the account'
  const submitted = await Promise.all([1, 2, 3, 4, 5].map(() => fixture.service.submit({ subject })))

  for (const { id } of submitted)
    await fixture.service.until(id, { status: 'held', heldBecause: 'reconnect-required', problem: null })
  const later = await fixture.service.submit({ subject })
  expect(await fixture.service.read(later.id)).toMatchObject({ status: 'held' })
  expect(await fixture.arrived(subject)).toBe(0)
  await expect.poll(() => draftsIn(fixture, subject)).toEqual([])

  await fixture.microsoft.control('PATCH', '/settings', { jsonFrom: 'enforced' })
  await consent(fixture.product, 'reconnect')
  for (const { id } of [...submitted, later]) await fixture.service.until(id, { status: 'sent' })
  expect(await fixture.arrived(subject)).toBe(6)
  await consent(fixture.product, 'update-sender', { fromEmail: 'ada@contoso.com' })
})
