import type { Page } from '@playwright/test'
import { tabTo } from '../support/keyboard.ts'
import { SETTINGS_PATH, createSettingsPage } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test.describe('without a mouse', () => {
  test.use({ account: null })

  test('an admin signs in, connects a mailbox, sends a test mail and resets', async ({ page }) => {
    const settings = createSettingsPage(page)
    await page.goto(SETTINGS_PATH)
    await tabTo(page, 'link', 'Sign in with Microsoft')
    await page.keyboard.press('Enter')
    await pressButton(page, 'Ada Admin')
    await pressButton(page, 'Accept')

    await tabTo(page, 'textbox', 'From Email Address')
    await page.keyboard.type('reports@contoso.com')
    await tabTo(page, 'switch', 'Enable large file attachments')
    await page.keyboard.press('Space')
    await expect(settings.largeAttachments).toBeChecked()
    await tabTo(page, 'button', 'Enable')
    const opened = page.waitForEvent('popup')
    await page.keyboard.press('Enter')
    const popup = await opened
    await pressButton(popup, 'Ada Admin')
    const closed = popup.waitForEvent('close')
    await pressButton(popup, 'Accept')
    await closed

    await expect(settings.notice('Connected')).toBeVisible()
    // The button that led to the outcome is gone, so the outcome has the focus.
    await expect(page.locator(':focus').getByText('Mail leaves from reports@contoso.com.')).toBeVisible()
    await tabTo(page, 'button', 'Send test mail')
    await page.keyboard.press('Space')
    await expect(settings.notice('Test mail sent')).toBeVisible()
    await expect(settings.sendTestMail).toBeFocused()

    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    await expect(settings.reset).toBeFocused()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Reset Office 365 SMTP?' })
    await expect(dialog).toBeFocused()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(dialog).toBeHidden()
    await expect(settings.reset).toBeFocused()

    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(settings.status('Not configured')).toBeVisible()
    await expect(settings.address).toBeFocused()
  })

  test('Enter in the address field starts the consent', async ({ page }) => {
    const settings = createSettingsPage(page)
    await page.goto(SETTINGS_PATH)
    await tabTo(page, 'link', 'Sign in with Microsoft')
    await page.keyboard.press('Enter')
    await pressButton(page, 'Ada Admin')
    await pressButton(page, 'Accept')
    await tabTo(page, 'textbox', 'From Email Address')
    await page.keyboard.type('ada@contoso.com')
    const opened = page.waitForEvent('popup')
    await page.keyboard.press('Enter')
    await pressButton(await opened, 'Ada Admin')

    await expect(settings.pending).toBeVisible()
  })
})

test('Skip to content is the first stop, and leads past the menu', async ({ page, settings }) => {
  await expect(settings.status('Not configured')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeInViewport({ ratio: 1 })
  const skip = await page.getByRole('link', { name: 'Skip to content' }).boundingBox()
  const product = await page.getByRole('banner').getByText('Inforiver Mail').boundingBox()
  expect((skip?.y ?? 0) + (skip?.height ?? 0)).toBeLessThanOrEqual(product?.y ?? 0)
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(settings.address).toBeFocused()
})

for (const width of [1280, 360]) {
  test(`a page that is opened from the menu says where one is by its heading, also the first time, ${width} px`, async ({
    page,
    settings,
  }) => {
    await page.setViewportSize({ width, height: 800 })
    await expect(settings.address).toBeVisible()
    for (const name of ['Service keys', 'Alerts', 'Messages', 'Audit log', 'Messages']) {
      if (width < 768) await page.getByRole('button', { name: 'Open menu' }).press('Enter')
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).press('Enter')
      await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused()
    }
  })
}

test('what happens is announced: pending, outcome and test mail appear in live regions', async ({ settings }) => {
  await settings.address.fill('ada@contoso.com')
  const live = settings.page.locator('[aria-live=polite]')
  // A live region has to exist before its text does, or a screen reader stays silent.
  await expect(live.first()).toBeAttached()
  await settings.consentEndsIn(settings.enable, 'This account cannot be used', 'Gil Guest')
  await expect(live.filter({ hasText: 'This account cannot be used' })).toBeAttached()
  const again = settings.notice('This account cannot be used').getByRole('button', { name: 'Try again' })
  const popup = await settings.openMicrosoft(again)
  await expect(live.filter({ hasText: 'Waiting for consent at Microsoft' })).toBeAttached()
  await pressButton(popup, 'Ada Admin')
  await pressButton(popup, 'Accept')
  await expect(live.filter({ hasText: 'Mail leaves from ada@contoso.com.' })).toBeAttached()
  await settings.sendTestMail.click()
  await expect(live.filter({ hasText: 'Test mail sent' })).toBeAttached()
})

test('a failed consent takes the focus to its explanation', async ({ page, settings }) => {
  await settings.address.fill('ada@contoso.com')
  const popup = await settings.openMicrosoft(settings.enable)
  await pressButton(popup, 'Cancel')

  await expect(page.locator(':focus').getByText('Try again and choose Accept on Microsoft’s page.')).toBeVisible()
})

async function pressButton(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).focus()
  await page.keyboard.press('Enter').catch((error: unknown) => {
    if (!page.isClosed()) throw error // a popup may close itself before the key is up
  })
}
