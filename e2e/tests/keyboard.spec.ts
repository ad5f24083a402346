import type { Page } from '@playwright/test'
import { tabTo } from '../support/keyboard.ts'
import { CANCELLED, SETTINGS_PATH, createSettingsPage } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test.describe('without a mouse', () => {
  test.use({ account: null })

  test('an admin signs in, connects a mailbox with large attachments, which are locked until Reset, sends a test mail and resets, and leaves nothing that a script could read', async ({
    page,
    context,
  }) => {
    const settings = createSettingsPage(page)
    await page.goto(SETTINGS_PATH)
    await tabTo(page, 'link', 'Sign in with Microsoft')
    await page.keyboard.press('Enter')
    await pressButton(page, 'Ada Admin')
    await pressButton(page, 'Accept')

    await tabTo(page, 'textbox', 'From Email Address')
    await page.keyboard.type('reports@contoso.com')
    await tabTo(page, 'switch', 'Enable large file attachments')
    await expect(settings.largeAttachments).toHaveAccessibleDescription(
      /It covers the whole mailbox of the person who gives consent/,
    )
    await page.keyboard.press('Space')
    await expect(settings.largeAttachments).toBeChecked()
    await expect(settings.permissionsAsked).toContainText(
      "Mail.ReadWrite: Read and write all mail in this person's mailbox",
    )
    await tabTo(page, 'button', 'Enable')
    const opened = page.waitForEvent('popup')
    await page.keyboard.press('Enter')
    const popup = await opened
    await pressButton(popup, 'Ada Admin')
    await expect(popup.locator('.scope')).toContainText(['Mail.Send', 'Mail.ReadWrite'])
    const closed = popup.waitForEvent('close')
    await pressButton(popup, 'Accept')
    await closed

    await expect(settings.notice('Connected')).toContainText('Large file attachments are enabled.')
    // The button that led to the outcome is gone, so the outcome has the focus.
    await expect(page.locator(':focus').getByText('Mail leaves from reports@contoso.com.')).toBeVisible()
    // So is the button that dismisses it, and then the section around it has the focus.
    await settings.notice('Connected').getByRole('button', { name: 'Dismiss' }).press('Enter')
    await expect(page.locator('section:focus')).toContainText('Office 365 SMTP')
    await test.step('large attachments are locked', async () => {
      await expect(settings.connection).toContainText('Mail.ReadWrite: ')
      await expect(settings.largeAttachments).toBeChecked()
      await expect(settings.largeAttachments).toBeDisabled()
      await expect(settings.largeAttachments).toHaveAccessibleDescription(/^Locked: .* until Reset\./)
      await settings.largeAttachments.focus()
      await page.keyboard.press('Space')
      await expect(settings.largeAttachments).toBeChecked()
    })
    await tabTo(page, 'button', 'Send test mail')
    await page.keyboard.press('Space')
    await expect(settings.notice('Test mail sent')).toBeVisible()
    await expect(settings.sendTestMail).toBeFocused()

    await tabTo(page, 'button', 'Reset', 'Shift+Tab')
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
    await expect(settings.largeAttachments).toBeEnabled()
    await expect(settings.largeAttachments).not.toBeChecked()

    await test.step('nothing is left in the browser that a script could read', async () => {
      const readable = await page.evaluate(() => ({
        cookie: document.cookie,
        local: Object.keys(localStorage),
        session: Object.keys(sessionStorage),
      }))
      expect(readable).toMatchObject({ cookie: '', local: [], session: [] })
      const cookies = (await context.cookies(page.url())).filter(({ name: cookie }) =>
        cookie.startsWith('inforiver-mail'),
      )
      expect(cookies.length).toBeGreaterThan(0)
      for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    })
  })
})

test('Skip to content leads past the menu, and a page that is opened from the menu focuses its heading', async ({
  page,
  settings,
}) => {
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

  for (const width of [1280, 360]) {
    await test.step(`the menu at ${width} px, also the first time that a page is opened`, async () => {
      await page.setViewportSize({ width, height: 800 })
      await page.goto(SETTINGS_PATH)
      await expect(settings.address).toBeVisible()
      for (const name of ['Service keys', 'Alerts', 'Messages', 'Audit log', 'Messages']) {
        if (width < 768) await page.getByRole('button', { name: 'Open menu' }).press('Enter')
        await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).press('Enter')
        await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused()
      }
    })
  }
})

test('a failed consent takes the focus to its explanation, Enter starts another, and live regions announce what happens', async ({
  page,
  settings,
}) => {
  const live = page.locator('[aria-live=polite]')
  // A live region has to be in the accessibility tree before its text is, or a screen reader stays silent.
  await expect(live.first()).toBeAttached()
  for (const region of await page.locator('[aria-live]').all()) await expect(region).not.toHaveCSS('display', 'none')
  await settings.address.fill('ada@contoso.com')
  const cancelled = await settings.openMicrosoft(settings.enable)
  await expect(live.filter({ hasText: 'Waiting for consent at Microsoft' })).toBeAttached()
  await pressButton(cancelled, 'Cancel')
  const explanation = 'Try again and choose Accept on Microsoft’s page.'
  await expect(page.locator(':focus').getByText(explanation)).toBeVisible()
  await expect(live.filter({ hasText: CANCELLED })).toBeAttached()

  const opened = page.waitForEvent('popup')
  await settings.address.press('Enter')
  const popup = await opened
  await pressButton(popup, 'Ada Admin')
  await pressButton(popup, 'Accept')
  await expect(live.filter({ hasText: 'Mail leaves from ada@contoso.com.' })).toBeAttached()
  await settings.sendTestMail.click()
  await expect(live.filter({ hasText: 'Test mail sent' })).toBeAttached()
})

async function pressButton(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).focus()
  await page.keyboard.press('Enter').catch((error: unknown) => {
    if (!page.isClosed()) throw error // a popup may close itself before the key is up
  })
}
