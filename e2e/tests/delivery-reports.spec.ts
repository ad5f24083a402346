import { giveConsent } from '../support/microsoft.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

/** What the simulator does with mail to these addresses. */
const ENDS = {
  'max@contoso.com': 'delivered',
  'nobody@contoso.com': 'failed',
  'held@quarantine.example': 'quarantined',
  'board@contoso.com': 'expanded',
} as const

test('delivery reports are switched on in the page, and each recipient is shown as it ended', async ({
  page,
  admin,
  microsoft,
  service,
  settings,
}) => {
  const reports = page.getByRole('region', { name: 'Delivery reports' })
  const bounces = reports.getByRole('switch', { name: 'Bounces' })
  const trace = reports.getByRole('switch', { name: 'Message trace' })

  await test.step('each source says what it reads and needs', async () => {
    await expect(bounces).not.toBeChecked()
    await expect(bounces).toHaveAccessibleDescription(/inbox of ada@contoso\.com.*Mail\.ReadWrite/)
    await expect(trace).toHaveAccessibleDescription(/ExchangeMessageTrace\.Read\.All/)
  })

  await test.step('what is missing at Microsoft is told, and nothing is switched on', async () => {
    await microsoft.control('PATCH', '/settings', { traceServicePrincipal: 'missing' })
    await trace.focus()
    await page.keyboard.press('Space')
    await expect(reports.getByRole('group', { name: /message trace is not set up/ })).toContainText(
      'New-MgServicePrincipal',
    )
    await expect(trace).not.toBeChecked()
    await microsoft.control('PATCH', '/settings', { traceServicePrincipal: 'present' })
  })

  await test.step('the page of the delegate and that of the administrator follow each other in one window', async () => {
    const popup = await settings.openMicrosoft(reports.getByRole('button', { name: 'Switch both on' }))
    const closed = popup.waitForEvent('close')
    await giveConsent(popup, 'Ada Admin')
    await giveConsent(popup, 'Grace Global')
    await closed
    await expect(bounces).toBeChecked()
    await expect(trace).toBeChecked()
    await expect(settings.notice('Delivery reports switched on')).toBeVisible()
  })

  const id = await service.submit({ to: Object.keys(ENDS), subject: 'Four ends', text: 'Hello' })
  const recipients = async (): Promise<readonly Recipient[]> =>
    (await admin.call('GET', `/api/v1/messages/${id}`)).json.recipients
  const ends = async () =>
    Object.fromEntries((await recipients()).map(({ address, delivery }) => [address, delivery] as const))

  await test.step('each recipient ends as it did at Microsoft, with the code of the one that failed', async () => {
    await expect.poll(ends).toEqual(ENDS)
    const failed = async () => (await recipients()).find(({ delivery }) => delivery === 'failed')
    await expect.poll(failed).toMatchObject({ address: 'nobody@contoso.com', code: '5.1.10', certain: true })
  })

  await test.step('the page of the message shows it, with who has to act', async () => {
    await page.goto(`/messages/${id}`)
    const story = page.getByRole('list', { name: 'Timeline' })
    const told = (what: string) => story.getByRole('listitem').filter({ hasText: what })
    await expect(told('Delivered').filter({ hasText: 'max@contoso.com' }).first()).toBeVisible()
    await expect(told('Not delivered').filter({ hasText: 'nobody@contoso.com' }).first()).toContainText('5.1.10')
    await expect(told('Put into quarantine').filter({ hasText: 'held@quarantine.example' }).first()).toContainText(
      'releases it in the Microsoft Defender portal',
    )
    await expect(
      told('Passed on to the members of a list').filter({ hasText: 'board@contoso.com' }).first(),
    ).toBeVisible()
  })

  await test.step('the first page counts who is in quarantine, and leads to them', async () => {
    await page.goto('/')
    const quarantined = page.getByRole('listitem').filter({ hasText: 'in quarantine' })
    await quarantined.getByRole('link', { name: /^\d+ recipients?$/ }).click()
    await expect(page).toHaveURL('/messages?delivery=quarantined')
  })

  await test.step('switching off works at once', async () => {
    await page.goto('/settings/office365-smtp')
    await trace.click()
    await expect(trace).not.toBeChecked()
    await expect(bounces).toBeChecked()
  })
})

test('a used-up limit says when mail goes on, and Send now goes on at once', async ({ page, settings }) => {
  let isUsedUp = true
  const until = new Date(Date.now() + 3_600_000)
  await page.route('**/api/v1/tenant-settings/office365-smtp', async (route) => {
    const answer = await route.fetch()
    const problem = {
      code: 'quota-exceeded',
      values: { code: '5.1.90', until: until.toISOString() },
      title: 'Mail is paused: a limit of Microsoft is used up (5.1.90)',
      detail: 'The mailbox has used up its limit. Mail goes on by itself on November 27, 2026 at 6:48 AM UTC.',
      action: 'A workspace admin chooses Send now to go on earlier.',
      since: new Date().toISOString(),
      correlationId: null,
    }
    await route.fulfill({ response: answer, json: { ...(await answer.json()), ...(isUsedUp && { problem }) } })
  })
  page.on('request', (request) => {
    if (request.url().endsWith('/office365-smtp/send-now')) isUsedUp = false
  })
  await page.route('**/api/v1/notices', async (route) => {
    const answer = await route.fetch()
    const notice = {
      id: `alt_${'1'.repeat(32)}`,
      type: 'quota.exceeded',
      values: { fromEmail: 'ada@contoso.com', code: '5.1.90', until: until.toISOString() },
      title: 'Mail from ada@contoso.com is paused',
      detail: 'The mailbox has used up its limit.',
      action: 'A workspace admin chooses Send now to go on earlier.',
      at: new Date().toISOString(),
    }
    await route.fulfill({ response: answer, json: { items: isUsedUp ? [notice] : [] } })
  })
  await page.goto('/settings/recipients')
  const notices = page.getByRole('region', { name: 'Notices' })
  await expect(notices.getByRole('button', { name: 'Send now' })).toBeVisible()
  await page.goto(SETTINGS_PATH)
  const limit = settings.notice('Mail is paused: a limit of Microsoft is used up (5.1.90)')
  await expect(limit).toContainText(/Mail goes on by itself on .*\d\d:\d\d/)
  await expect(limit).not.toContainText('UTC')
  await expect(page.getByRole('button', { name: 'Send now' })).toHaveCount(1)
  const sent = page.waitForResponse('**/office365-smtp/send-now')
  await limit.getByRole('button', { name: 'Send now' }).click()
  expect((await sent).status()).toBe(200)
  await expect(limit).toBeHidden()
})

interface Recipient {
  readonly address: string
  readonly delivery: string
  readonly code: string | null
  readonly certain: boolean
}
