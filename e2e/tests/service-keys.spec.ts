import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { createKey, createService, revokeKeys } from '../support/service.ts'
import { expect, test } from '../support/test.ts'

const PATH = '/settings/service-keys'

test.beforeEach(({ page, product }) => revokeKeys(page.request, product.url))

async function openKeys(page: Page): Promise<void> {
  await page.goto(PATH)
  await expect(page.getByRole('heading', { name: 'Service keys', level: 1 })).toBeVisible()
}

/** Creates a key in the page, and leaves the dialog with the key open. */
async function makeKey(page: Page, name: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Create key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a service key' })
  await dialog.getByRole('textbox', { name: 'Name of the service' }).fill(name)
  await dialog.getByRole('button', { name: 'Create key' }).click()
  return page.getByRole('dialog', { name: `A key for ${name}` })
}

test.describe('with a mailbox connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('a service sends with a key that an admin made and copied in the page', async ({
    page,
    context,
    settings,
    playwright,
    product,
    microsoft,
  }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await settings.page.getByRole('link', { name: 'Service keys' }).click()
    const dialog = await makeKey(page, 'report-scheduler')
    await dialog.getByRole('button', { name: 'Copy key' }).click()
    await expect(dialog.getByText('Copied.')).toBeVisible()
    const key = await page.evaluate(() => navigator.clipboard.readText())
    await dialog.getByRole('button', { name: 'Done' }).click()

    const service = createService(playwright, product.url, key)
    await service.submit({ to: ['ada@contoso.com'], subject: 'Sent with a new key', text: 'It works.' })
    await expect.poll(() => microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Sent with a new key')
  })
})

test('a key is shown once, and not to be found in the page afterwards', async ({ page }) => {
  await openKeys(page)
  const dialog = await makeKey(page, 'alerts')
  await expect(dialog).toContainText('This key is shown only now')
  const key = await dialog.getByRole('textbox', { name: 'Service key' }).inputValue()
  expect(key.length).toBeGreaterThan(40)
  await expect(dialog).toContainText(`curl ${new URL(page.url()).origin}/api/v1/messages`)
  await dialog.getByRole('button', { name: 'Done' }).click()

  await expect(page.getByRole('row').filter({ hasText: 'alerts' })).toContainText('Send messages, read messages')
  expect(await page.content()).not.toContain(key)
  await page.reload()
  await expect(page.getByRole('row').filter({ hasText: 'alerts' })).toContainText('Never')
  expect(await page.content()).not.toContain(key)
})

test('no stray key press closes the only view of a key', async ({ page }) => {
  await openKeys(page)
  const dialog = await makeKey(page, 'alerts')
  await expect(dialog).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await expect(dialog.getByRole('textbox', { name: 'Service key' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('button', { name: 'Create key' })).toBeFocused()
})

test('a key without name or scope is not made, and the dialog says what is missing', async ({ page }) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Create key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a service key' })
  await dialog.getByRole('checkbox', { name: 'Send messages' }).uncheck()
  await dialog.getByRole('checkbox', { name: 'Read messages' }).uncheck()
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await expect(dialog.getByText('A name is needed, such as report-scheduler.')).toBeVisible()
  await expect(dialog.getByText('At least one scope is needed.')).toBeVisible()
  await expect(dialog.getByRole('textbox', { name: 'Name of the service' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('heading', { name: 'No service keys yet' })).toBeVisible()
})

test('a revoked key stops at once, the other key of the service keeps working', async ({
  page,
  playwright,
  product,
}) => {
  const withOld = createService(playwright, product.url, await createKey(page.request, product.url, 'alerts'))
  const withNew = createService(playwright, product.url, await createKey(page.request, product.url, 'alerts'))
  expect([await withOld.readStatus(), await withNew.readStatus()]).toEqual([200, 200])

  await openKeys(page)
  await page.getByRole('button', { name: 'Revoke alerts' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Revoke the key of alerts?' })
  await expect(dialog).toContainText('It stops at once')
  await expect(dialog).toContainText('alerts has another key, which keeps working.')
  await dialog.getByRole('button', { name: 'Revoke' }).click()

  await expect(page.getByRole('group', { name: 'A key of alerts is revoked' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Revoke alerts' })).toHaveCount(1)
  expect([await withOld.readStatus(), await withNew.readStatus()]).toEqual([401, 200])
})

test('a key that is not to be revoked after all stays', async ({ page, product, playwright }) => {
  const service = createService(playwright, product.url, await createKey(page.request, product.url, 'alerts'))
  await openKeys(page)
  await page.getByRole('button', { name: 'Revoke alerts' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('button', { name: 'Revoke alerts' })).toBeFocused()
  expect(await service.readStatus()).toBe(200)
})

test('the list keeps inside its card at every width, in columns as soon as there is room for them', async ({
  page,
  product,
}) => {
  await createKey(page.request, product.url, 'report-scheduler')
  await openKeys(page)
  const rightOf = (locator: Locator) => locator.evaluate((element) => element.getBoundingClientRect().right)
  for (const width of [640, 768, 900, 901, 960, 1024, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    const last = page.getByRole('row').filter({ hasText: 'report-scheduler' }).getByRole('cell').last()
    expect(await rightOf(last), `${width} px`).toBeLessThanOrEqual(
      await rightOf(page.getByRole('region', { name: 'Keys' })),
    )
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${width} px`).toBe(0)
  }
  await page.setViewportSize({ width: 1024, height: 800 })
  await expect(page.getByRole('row').first()).toHaveText(/Permissions/)
  await expect(page.getByRole('row').nth(1)).toHaveCSS('display', 'table-row')
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the page and its dialogs are accessible and fit a phone, ${colorScheme}`, async ({ page, product }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 360, height: 800 })
    await createKey(page.request, product.url, 'x'.repeat(100))
    await openKeys(page)
    await expectAccessible(page)
    await page.getByRole('button', { name: /^Revoke/ }).click()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await expect(await makeKey(page, 'alerts')).toBeVisible()
    await expectAccessible(page)
  })
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}
