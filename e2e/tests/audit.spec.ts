import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { createKey, revokeKeys } from '../support/service.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/settings/audit-log'
const RESET = '/api/v1/tenant-settings/office365-smtp/reset'

async function openAuditLog(page: Page, search = ''): Promise<void> {
  await page.goto(PATH + search)
  await expect(page.getByRole('heading', { name: 'Audit log', level: 1 })).toBeVisible()
}

function row(page: Page, text: string | RegExp): Locator {
  return page.getByRole('table', { name: 'Audit log' }).getByRole('row').filter({ hasText: text })
}

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('what an admin did is listed with person, text, outcome and details, newest first', async ({
    page,
    product,
    settings,
  }) => {
    await createKey(page.request, product.url, 'audited-service')
    await settings.page.getByRole('link', { name: 'Audit log' }).click()

    const key = row(page, 'audited-service').first()
    await expect(key).toContainText('Ada Admin')
    await expect(key).toContainText('ada@contoso.com')
    await expect(key).toContainText('Service key created')
    await expect(key).toContainText('Scopes: messages:send messages:read')
    const consent = row(page, 'Consent ended: connect a mailbox').first()
    await expect(consent).toContainText('Completed')
    await expect(consent).toContainText('Sender: ada@contoso.com')
    await expect(page.getByRole('row').nth(1)).toContainText('audited-service')
    await revokeKeys(page.request, product.url)
  })
})

test('the filter by person and event is in the address, and still there after a reload', async ({
  page,
  otherBrowser,
}) => {
  const bobs = await otherBrowser('Bob Behalf')
  await bobs.goto(PATH)
  await openAuditLog(page)
  await page.getByRole('searchbox', { name: 'Person' }).fill('bob')
  await expect(page).toHaveURL(/person=bob/)
  await page.getByRole('combobox', { name: 'Event' }).selectOption('Sign-in')
  await expect(page).toHaveURL(/person=bob&action=sign-in/)
  await expect(row(page, 'Bob Behalf').first()).toContainText('As workspace admin')
  await expect(row(page, 'Ada Admin')).toHaveCount(0)

  await page.reload()
  await expect(page).toHaveURL(/person=bob&action=sign-in/)
  await expect(page.getByRole('searchbox', { name: 'Person' })).toHaveValue('bob')
  await expect(page.getByRole('combobox', { name: 'Event' })).toHaveValue('sign-in')
  await expect(row(page, 'Bob Behalf').first()).toBeVisible()

  await page.getByRole('link', { name: 'Audit log' }).click()
  await expect(page.getByRole('searchbox', { name: 'Person' })).toHaveValue('')
  await expect(row(page, 'Ada Admin').first()).toBeVisible()
})

test('a name counts as soon as the field is left', async ({ page }) => {
  await openAuditLog(page)
  const person = page.getByRole('searchbox', { name: 'Person' })
  await person.fill('ada')
  await person.blur()
  expect(await page.evaluate(() => location.search)).toBe('?person=ada')
})

test('a period without events is explained, and one that ends before it begins is refused', async ({ page }) => {
  await openAuditLog(page)
  await page.getByLabel('From').fill('2099-01-02')
  await expect(page.getByRole('heading', { name: 'No event matches' })).toBeVisible()
  await page.getByLabel('To', { exact: true }).fill('2099-01-01')
  await expect(page.getByText('This is before From.')).toBeVisible()
  await page.getByLabel('From').fill('2020-01-01')
  await expect(page.getByText('This is before From.')).toBeHidden()
  await expect(row(page, 'Ada Admin').first()).toBeVisible()
})

test('the day that is chosen as the last is shown as a whole', async ({ page }) => {
  const today = new Date().toISOString().slice(0, 10)
  await openAuditLog(page, `?from=${today}&to=${today}&action=settings-reset`)
  await expect(row(page, 'Settings reset').first()).toBeVisible()
})

test('older events come with Load more, and the last page says so', async ({ page, product }) => {
  for (let number = 1; number <= 55; number += 1) {
    await page.request.post(RESET, { data: {}, headers: { origin: product.url } })
  }
  await openAuditLog(page, '?action=settings-reset')
  await expect(row(page, 'Settings reset')).toHaveCount(50)
  const more = page.getByRole('button', { name: 'Load more' })
  await more.click()
  await expect.poll(() => row(page, 'Settings reset').count()).toBeGreaterThan(55)
  const all = page.getByRole('button', { name: 'All are shown' })
  await expect(async () => {
    if (await more.isVisible()) await more.click({ timeout: 1_000 }).catch(() => {}) // it may be loading, or just have disappeared
    await expect(all).toBeFocused({ timeout: 1_000 })
  }).toPass()
})

test('the export holds what is chosen, in a file for a spreadsheet', async ({ page, product }) => {
  await createKey(page.request, product.url, '=HYPERLINK("http://contoso.com")')
  await openAuditLog(page, '?action=service-key-created')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export as CSV' }).click()

  const file = await download
  expect(file.suggestedFilename()).toMatch(/^inforiver-mail-audit-\d{4}-\d\d-\d\d\.csv$/)
  const lines = (await readFile(await file.path(), 'utf8')).split('\r\n')
  expect(lines[0]).toBe('\uFEFFtime,person,address,action,outcome,details')
  expect(lines[1]).toContain(',Ada Admin,ada@contoso.com,service-key-created,done,"{')
  expect(lines.slice(1, -1).filter((line) => !line.includes('service-key-created'))).toEqual([])
  await revokeKeys(page.request, product.url)
})

test('where the log cannot be read, the page says so, and Retry reads it', async ({ page }) => {
  await page.route('**/api/v1/audit-events?**', (route) => route.abort())
  await openAuditLog(page)
  const failure = page.getByRole('group', { name: 'The server cannot be reached' })
  await expect(failure).toBeVisible()
  await page.unroute('**/api/v1/audit-events?**')
  await failure.getByRole('button', { name: 'Retry' }).click()
  await expect(row(page, 'Ada Admin').first()).toBeVisible()
  await expect(failure).toBeHidden()
})

test('a member who is no workspace admin sees nothing of it', async ({ otherBrowser }) => {
  const page = await otherBrowser('Max Member')
  await page.goto(PATH)
  await expect(page.getByRole('heading', { name: 'Only workspace admins can open Tenant Settings' })).toBeVisible()
  await expect(page.getByRole('table')).toHaveCount(0)
})

test('the filter is used by keyboard, and keeps the focus while the list changes', async ({ page }) => {
  await openAuditLog(page)
  const person = page.getByRole('searchbox', { name: 'Person' })
  await person.focus()
  await page.keyboard.type('nobody of this name')
  await expect(page.getByRole('heading', { name: 'No event matches' })).toBeVisible()
  await expect(person).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('combobox', { name: 'Event' })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Export as CSV' })).toBeFocused()
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the log is accessible and fits a phone, ${colorScheme}`, async ({ page, product }) => {
    await createKey(page.request, product.url, 'k'.repeat(100))
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 360, height: 800 })
    await openAuditLog(page)
    await expect(row(page, 'Service key created').first()).toBeVisible()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    await revokeKeys(page.request, product.url)
  })
}
