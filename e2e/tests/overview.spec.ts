import { recordAnnounced } from '../support/announced.ts'
import { expectAccessible, expectAccessibleOnPhone, show } from '../support/axe.ts'
import { RECIPIENTS_REFUSED } from '../support/microsoft.ts'
import { retriesFrom } from '../support/retries.ts'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'
import type { TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'

const mail = { to: ['bob@contoso.com', 'partner@fabrikam.example'], subject: 'Q3', text: 'Numbers.' }

test('before anything is connected, the first page leads to the settings', async ({ page }) => {
  // Other tests have sent mail, which the counts of 30 days keep.
  await page.route('**/api/v1/overview', async (route) => {
    const answer = await route.fetch()
    const overview = (await answer.json()) as { days: object[] }
    const days = overview.days.map((day) => ({ ...day, sent: 0, failed: 0, held: 0 }))
    await route.fulfill({ response: answer, json: { ...overview, days, lastSentAt: null } })
  })
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'No mailbox is connected yet.' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Connect a mailbox' }).click()
  await expect(createSettingsPage(page).address).toBeVisible()
  await page.goto('/settings')
  await expect(createSettingsPage(page).address).toBeVisible()
  await expect(page).toHaveURL(SETTINGS_PATH)
})

test('the first page tells live whether mail goes out, retries what failed by its cause, and shows charts and limits, and words where nothing happened', async ({
  page,
  connect,
  service,
  microsoft,
  admin,
}) => {
  await connect({ fromEmail: 'ada@contoso.com' })
  let isQuiet = true
  await page.route('**/api/v1/overview', async (route) => {
    if (!isQuiet) return route.continue()
    const answer = await route.fetch()
    const overview = (await answer.json()) as { hours: object[] }
    const nothing = overview.hours.map((hour) => ({ ...hour, sent: 0, failed: 0, held: 0, bounced: 0 }))
    await route.fulfill({ response: answer, json: { ...overview, hours: nothing } })
  })
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()
  const hours = page.getByRole('region', { name: 'Last 24 hours' }).first()
  await test.step('hours in which nothing happened are shown as words, and not as an empty chart', async () => {
    await expect(hours.getByText('Nothing happened in this time.')).toBeVisible()
    await expect(hours.locator('svg')).toHaveCount(0)
    await expectAccessible(page)
    isQuiet = false
  })
  const sentence = page.getByRole('heading', { name: 'Mail works. Nothing is waiting to leave.' })
  await expect(sentence).toBeVisible()
  await expect(sentence, 'a number in it would be announced with every read').not.toHaveAttribute('aria-live')
  await expect(page.locator('[aria-live=polite]').getByText('Mail works', { exact: true })).toBeVisible()
  const failed = page.getByRole('region', { name: 'Failed in 24 hours' })

  await test.step('what fails appears while the page is open, and is retried by its cause', async () => {
    const before = await failedMessages(admin) // other tests leave some behind, with the same cause
    await microsoft.control('POST', '/scenarios', RECIPIENTS_REFUSED)
    await service.submit(mail)
    const messages = before === 0 ? '1 message' : `${before + 1} messages`
    await expect(failed.getByRole('listitem')).toContainText(`${messages}: Invalid recipient (ErrorInvalidRecipients)`)
    const retries = retriesFrom(page)
    const retry = failed.getByRole('button', { name: 'Retry: Invalid recipient (ErrorInvalidRecipients)' })
    await retry.click()
    const dialog = page.getByRole('dialog', { name: `Retry ${messages}?` })
    await expect(dialog).toContainText('One that may have been sent already can arrive twice.')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Leave them' }).click()
    await expect(retry).toBeFocused()
    expect(retries).toEqual([])
    await retry.click()
    await dialog.getByRole('button', { name: 'Retry' }).click()
    await expect(failed.getByText(/^\d+ messages? will be queued again$/)).toBeVisible()
    await expect(failed.getByText('No message failed.')).toBeVisible()
    expect(retries).toHaveLength(1)
  })

  await test.step('charts come with a table', async () => {
    await expect(hours.locator('svg rect').first()).toBeVisible()
    await hours.getByText('Show as a table').click()
    await expect(hours.getByRole('row')).toHaveCount(25)
    await hours.getByText('Show as a table').click()
  })

  await test.step('the limit of external recipients follows from what is entered', async () => {
    const limits = page.getByRole('region', { name: 'Sending limits' })
    await limits.getByRole('button', { name: 'Licences and domains' }).click()
    const dialog = page.getByRole('dialog', { name: 'Licences and domains' })
    await dialog.getByLabel('Paid Exchange Online licences').fill('many')
    await dialog.getByLabel('Domains of your organisation').fill('contoso.com')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByText('Enter a whole number')).toBeVisible()
    await expectAccessible(page)
    await dialog.getByLabel('Paid Exchange Online licences').fill('100')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(limits).toContainText(/[1-9]\d* of about 22,059 used/)
  })

  await test.step('in German', async () => {
    await page.getByLabel('Language').selectOption({ label: 'Deutsch' })
    await expect(page.getByRole('heading', { name: 'Übersicht', level: 1 })).toBeVisible()
    await expect(page.getByRole('region', { name: 'Sendelimits' })).toContainText('von etwa 22.059 verbraucht')
    await page.getByLabel('Sprache').selectOption({ label: 'English' })
  })

  await test.step('axe finds nothing, in any colours', async () => {
    await show(page, 'light')
    await expectAccessible(page)
    await page.emulateMedia({ forcedColors: 'active' })
    await expectAccessible(page, 'colours')
    await page.emulateMedia({ forcedColors: 'none' })
    await expectAccessibleOnPhone(page)
  })

  await test.step('one line tells that it cannot be read', async () => {
    await page.route('**/api/v1/overview', (route) => route.abort())
    await expect(page.getByText('The overview could not be read again.')).toBeVisible()
    await page.unroute('**/api/v1/overview')
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText('The overview could not be read again.')).toBeHidden()
  })
})

test('what alternates while mail goes out is not announced, and that it stops is', async ({ page, connect }) => {
  await connect({ fromEmail: 'ada@contoso.com' })
  let mail: string | null = null
  let reads = 0
  await page.route('**/api/v1/overview', async (route) => {
    const answer = await route.fetch()
    reads += 1
    const state = mail ?? (reads % 2 === 0 ? 'flowing' : 'idle')
    await route.fulfill({ response: answer, json: { ...(await answer.json()), mail: state } })
  })
  await page.goto('/')
  const status = page.getByRole('region', { name: /^Mail/ })
  const badge = (text: string) => status.getByText(text, { exact: true })
  await expect(badge('Nothing waits')).toBeVisible()
  const announced = await recordAnnounced(page)
  await expect(badge('Going out')).toBeVisible()
  await expect(badge('Nothing waits')).toBeVisible()
  expect(await announced.jsonValue()).toEqual([])
  mail = 'stopped'
  await expect.poll(() => announced.jsonValue()).toEqual(['Stopped'])
})

/** How many messages have failed because of a recipient. */
async function failedMessages(admin: TestBrowser): Promise<number> {
  const { json } = await admin.call('GET', '/api/v1/overview')
  return json.failed24h.byCode.ErrorInvalidRecipients ?? 0
}
