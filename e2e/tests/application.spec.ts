import { createMicrosoft } from '../support/microsoft.ts'
import { startProduct } from '../support/product.ts'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.use({ account: null })

test('an Entra administrator lets the application send by itself, and again after the consent was withdrawn', async ({
  page,
}) => {
  const product = await startProduct({ environment: { GRAPH_AUTH: 'application' } })
  const microsoft = createMicrosoft(product.microsoftUrl)
  await page.goto(product.url + SETTINGS_PATH)
  await signIn(page, 'Ada Admin')
  const settings = createSettingsPage(page)
  const sender = page.getByRole('region', { name: 'Sender' })
  await settings.address.fill('finance@contoso.com')
  await expect(sender).toContainText('Mail.Send: Send mail from every mailbox the application may use.')
  await expect(sender).toContainText("no person's access is used or kept")
  await expect(sender).not.toContainText('Send As right')

  const popup = await settings.openMicrosoft(settings.enable)
  await popup.getByRole('button', { name: 'Grace Global' }).click()
  await expect(popup.getByText('Send mail as any user', { exact: true })).toBeVisible()
  const closed = popup.waitForEvent('close')
  await popup.getByRole('button', { name: 'Accept' }).click()
  await closed

  await expect(settings.notice('Connected')).toContainText('Mail leaves from finance@contoso.com.')
  await expect(settings.connection).toContainText("Sends as finance@contoso.com with the application's own access.")
  await expect(settings.connection).not.toContainText('Connected as')
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From finance@contoso.com to ada@contoso.com.')

  await microsoft.control('DELETE', '/tenant-consents')
  await microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
  await settings.sendTestMail.click()
  await expect(settings.status('Reconnect required')).toBeVisible()
  const problem = settings.notice('The application permission Mail.Send is missing')
  await settings.consent(problem.getByRole('button', { name: 'Reconnect' }), 'Grace Global')

  await expect(settings.status('Connected')).toBeVisible()
  await expect
    .poll(() => microsoft.subjects('ada@contoso.com', 'inbox'))
    .toEqual([
      'Inforiver sends mail as finance@contoso.com',
      'Test mail from Inforiver',
      'Inforiver sends mail as finance@contoso.com',
      'Test mail from Inforiver',
    ])
  await product.dispose()
})
