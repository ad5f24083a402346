import { expect, test } from '../support/test.ts'

test.describe.configure({ timeout: 120_000 }) // the product stops and starts again

test('a restart under an open page is noticed, ends no session and loses neither settings nor mail', async ({
  page,
  product,
  microsoft,
  settings,
}) => {
  await settings.address.fill('ada@contoso.com')
  await settings.consent(settings.enable)
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')
  await page.clock.install()
  await page.reload()
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')

  // Fails when a process of the product is left.
  await product.stop()
  await page.clock.fastForward('00:16')
  await expect(settings.notice('The server cannot be reached')).toContainText('The page shows the settings as read on')
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')

  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 14_000)) // otherwise the page polls by itself
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
})

test('a consent that was pending when the product was restarted completes all the same', async ({
  product,
  settings,
}) => {
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
})
