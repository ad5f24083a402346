import { de as german } from '../../apps/web/src/language/de.ts'
import { deLater } from '../../apps/web/src/language/de-later.ts'
import { expectAccessible, expectAccessibleOnPhone, show } from '../support/axe.ts'
import { giveConsent } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

const de = { ...german, ...deLater }

// The other files walk through the same in English.
test('in German every step of the guide Configuring Office 365 SMTP works, and the page is accessible', async ({
  page,
}) => {
  await page.goto('/settings/recipients')
  await page.getByRole('combobox', { name: 'Language' }).selectOption('Deutsch')
  await expect(page.locator('html')).toHaveAttribute('lang', 'de')
  const main = page.getByRole('main')
  const button = (name: string) => main.getByRole('button', { name, exact: true })
  const notice = (title: string) => page.getByRole('group', { name: title })
  const address = page.getByRole('textbox', { name: de['settings.sender.address'] })
  const singleSender = page.getByRole('switch', { name: de['settings.sender.single'] })
  const largeAttachments = page.getByRole('switch', { name: de['settings.sender.large'] })

  async function consent(name: string): Promise<void> {
    const opened = page.waitForEvent('popup')
    await button(name).click()
    const popup = await opened
    const closed = popup.waitForEvent('close')
    await giveConsent(popup, 'Ada Admin')
    await closed
  }

  await test.step('the menu leads to Tenant Settings, also after a reload', async () => {
    await page.reload()
    const menu = page.getByRole('navigation', { name: de['shell.main-menu'] })
    await menu.getByRole('link', { name: de['shell.menu.settings'] }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Mandanteneinstellungen' })).toBeVisible()
    await expect(page).toHaveTitle(/^Mandanteneinstellungen/)
  })

  await test.step('Enable is possible with a valid From Email Address, and connects after consent', async () => {
    await expect(button(de['settings.enable'])).toBeDisabled()
    await address.fill('ada@contoso')
    await expect(button(de['settings.enable'])).toBeDisabled()
    await address.fill('ada@contoso.com')
    await expect(singleSender).toBeDisabled()
    await show(page, 'light')
    await expectAccessible(page)
    await consent(de['settings.enable'])
    await expect(notice(de['settings.consent.configure.title'])).toContainText('ada@contoso.com')
    await expect(singleSender).toBeChecked()
    await expect(singleSender).toBeDisabled()
  })

  await test.step('Save changes the sender without Reset, to a delegated mailbox', async () => {
    await address.fill('reports@contoso.com')
    await consent(de['ui.save'])
    await expect(notice(de['settings.consent.update-sender.title'])).toContainText('reports@contoso.com')
  })

  await test.step('large file attachments are enabled by Save and locked from then on', async () => {
    await largeAttachments.check()
    await consent(de['ui.save'])
    await expect(notice(de['settings.consent.large-attachments.title'])).toContainText('reports@contoso.com')
    await expect(largeAttachments).toBeChecked()
    await expect(largeAttachments).toBeDisabled()
    const viewport = page.viewportSize()
    await expectAccessibleOnPhone(page)
    const heading = await page.getByRole('heading', { level: 1 }).boundingBox()
    expect(heading?.height, 'the longest heading is one line on a phone').toBeLessThan(40)
    if (viewport) await page.setViewportSize(viewport)
  })

  await test.step('Reset removes the address and frees large file attachments', async () => {
    await button(de['settings.reset']).click()
    const dialog = page.getByRole('dialog', { name: de['settings.reset.title'] })
    await dialog.getByRole('button', { name: de['settings.reset'], exact: true }).click()
    await expect(address).toHaveValue('')
    await expect(address).toBeFocused()
    await expect(largeAttachments).toBeEnabled()
    await expect(largeAttachments).not.toBeChecked()
  })
})
