import { giveConsent } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

test('Save is possible only when something valid has changed, and says so', async ({ settings }) => {
  await expect(settings.save).toBeDisabled()
  await expect(settings.save).toHaveAccessibleDescription('Nothing has changed, so there is nothing to save.')
  await settings.address.fill('reports@contoso')
  await expect(settings.save).toBeDisabled()
  await expect(settings.save).toHaveAccessibleDescription(/^To save, correct the From Email Address\./)
  await settings.address.fill('reports@contoso.com')
  await expect(settings.save).toBeEnabled()
  await settings.address.fill('ada@contoso.com')
  await expect(settings.save).toBeDisabled()
  await settings.address.fill('')
  await expect(settings.save).toHaveAccessibleDescription(
    'To save, enter a From Email Address. To disconnect the mailbox, use Reset.',
  )
})

test('Save changes the sender without a reset, once the consent completes and not before', async ({
  settings,
  microsoft,
}) => {
  await settings.address.fill('reports@contoso.com')
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

  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From reports@contoso.com')
  await expect
    .poll(() => microsoft.subjects('ada@contoso.com', 'inbox'))
    .toEqual([
      'Inforiver sends mail as ada@contoso.com',
      'Test mail from Inforiver',
      'Inforiver sends mail as reports@contoso.com',
      'Test mail from Inforiver',
    ])
})

test('the old sender stays when the new one is cancelled at Microsoft', async ({ settings }) => {
  await settings.address.fill('reports@contoso.com')
  const popup = await settings.openMicrosoft(settings.save)
  await popup.getByRole('button', { name: 'Cancel' }).click()

  await expect(settings.notice('The consent was not completed')).toContainText('Nothing was changed.')
  await expect(settings.connection).toContainText('Sends as ada@contoso.com')
  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com')
})
