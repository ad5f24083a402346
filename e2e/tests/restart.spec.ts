import { createMicrosoft } from '../support/microsoft.ts'
import { startProduct } from '../support/product.ts'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.use({ account: null })

test('a restart under an open page is noticed, ends no session and loses neither settings nor mail', async ({
  page,
}) => {
  const product = await startProduct()
  const microsoft = createMicrosoft(product.microsoftUrl)
  await page.clock.install()
  await page.goto(product.url + SETTINGS_PATH)
  await signIn(page, 'Ada Admin')
  const settings = createSettingsPage(page)
  await settings.address.fill('ada@contoso.com')
  await settings.consent(settings.enable)
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')

  // Fails when a process of the product is left.
  await product.stop()
  await page.clock.fastForward('00:16')
  await expect(settings.notice('The server cannot be reached')).toContainText('The page shows the settings as read on')
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')

  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 14_000)) // or the page asks again by itself
  await product.start()
  await settings.notice('The server cannot be reached').getByRole('button', { name: 'Retry' }).click()
  await page.clock.resume()
  await expect(settings.notice('The server cannot be reached')).toBeHidden()
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toBeVisible()
  expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toEqual([
    'Inforiver sends mail as ada@contoso.com',
    'Test mail from Inforiver',
  ])
  await product.dispose()
})

test('a consent that was pending when the product was restarted completes all the same', async ({ page }) => {
  const product = await startProduct()
  await page.goto(product.url + SETTINGS_PATH)
  await signIn(page, 'Ada Admin')
  const settings = createSettingsPage(page)
  await settings.address.fill('ada@contoso.com')
  const popup = await settings.openMicrosoft(settings.enable)
  await expect(popup.getByRole('button', { name: 'Ada Admin' })).toBeVisible()
  await product.stop()
  await product.start()
  const closed = popup.waitForEvent('close')
  await popup.getByRole('button', { name: 'Ada Admin' }).click()
  await popup.getByRole('button', { name: 'Accept' }).click()
  await closed

  await expect(settings.status('Connected')).toBeVisible()
  await product.dispose()
})
