import { chooseAccount, giveConsent } from '../support/microsoft.ts'
import { CANCELLED } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

test('Save changes the sender and enables large attachments without a reset, once the consent completes, not before, and not after a cancel', async ({
  page,
  settings,
  microsoft,
}) => {
  await test.step('a consent that is cancelled at Microsoft changes neither', async () => {
    await settings.address.fill('reports@contoso.com')
    await settings.largeAttachments.check()
    const popup = await settings.openMicrosoft(settings.save)
    await chooseAccount(popup, 'Ada Admin')
    await popup.getByRole('button', { name: 'Cancel' }).click()

    await expect(settings.notice(CANCELLED)).toBeVisible()
    await expect(settings.connection).toContainText('Sends as ada@contoso.com')
    await settings.sendTestMail.click()
    await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com')
    await page.reload()
    await expect(settings.status('Connected')).toBeVisible()
    await expect(settings.largeAttachments).not.toBeChecked()
    await expect(settings.largeAttachments).toBeEnabled()
    await expect(settings.connection).not.toContainText('Mail.ReadWrite')
  })
  await settings.address.fill('reports@contoso.com')
  await settings.largeAttachments.check()
  const popup = await settings.openMicrosoft(settings.save)
  await expect(settings.pending).toBeVisible()
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com')

  const closed = popup.waitForEvent('close')
  await giveConsent(popup, 'Ada Admin')
  await closed
  await expect(settings.notice('Sender changed')).toContainText('Mail now leaves from reports@contoso.com.')
  await expect(settings.connection).toContainText("Sends as reports@contoso.com with Ada Admin's access.")
  await expect(settings.address).toHaveValue('reports@contoso.com')
  await expect(settings.connection).toContainText('Mail.ReadWrite: ')
  await expect(settings.largeAttachments).toBeChecked()

  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From reports@contoso.com')
  await expect
    .poll(() => microsoft.subjects('ada@contoso.com', 'inbox'))
    .toEqual([
      'Inforiver sends mail as ada@contoso.com',
      'Test mail from Inforiver',
      'Test mail from Inforiver',
      'Inforiver sends mail as reports@contoso.com',
      'Test mail from Inforiver',
    ])
})
