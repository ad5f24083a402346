import { chooseAccount } from '../support/microsoft.ts'
import { CANCELLED } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test('a test mail that met revoked tokens says that it is held, also after a cancelled Reconnect, and leaves after the next, with all as it was', async ({
  settings,
  microsoft,
}) => {
  await settings.address.fill('reports@contoso.com')
  await settings.largeAttachments.check()
  await settings.consent(settings.enable)
  await expect(settings.notice('Connected')).toBeVisible()
  await microsoft.revokeTokens('ada@contoso.com')
  await settings.sendTestMail.click()

  const problem = settings.notice('The connection was revoked')
  await expect(problem).toBeVisible()
  await test.step('the success gives way to the problem, and nobody is said to have changed the settings', async () => {
    await expect(settings.notice('Connected')).toBeHidden()
    await expect(settings.notice('The settings have changed since')).toHaveCount(0)
    await expect(settings.page.getByRole('button', { name: 'Try again' })).toHaveCount(0)
  })
  await test.step('the problem says why, who acts, and what Microsoft calls it', async () => {
    await expect(problem).toContainText('An administrator reset the password of the account or revoked its sessions')
    await expect(problem).toContainText('A workspace admin chooses Reconnect and signs in with the same account.')
    await expect(problem).toContainText('AADSTS50173')
    await expect(problem).toContainText(/Correlation id: [0-9a-f-]{36}/)
    const link = /\/\/login\.microsoftonline\.com\/error\?code=50173$/
    await expect(problem.getByRole('link')).toHaveAttribute('href', link)
  })
  await expect(settings.status('Reconnect required')).toBeVisible()
  await expect(settings.connection).toContainText(
    'Nothing is sent as reports@contoso.com until the mailbox is reconnected.',
  )
  await expect(settings.connection).toContainText('1 message waits and cannot leave until the mailbox is reconnected.')
  await expect(settings.connection).not.toContainText('The last waiting message leaves')
  await expect(settings.notice('The test mail is held')).toContainText('once the mailbox is reconnected')

  await test.step('a cancelled Reconnect leaves everything as it was', async () => {
    const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
    await popup.getByRole('button', { name: 'Cancel' }).click()
    await expect(settings.notice(CANCELLED)).toBeVisible()
    await expect(settings.status('Reconnect required')).toBeVisible()
    await expect(settings.notice('The test mail is held')).toBeVisible()
  })
  const popup = await settings.openMicrosoft(problem.getByRole('button', { name: 'Reconnect' }))
  const closed = popup.waitForEvent('close')
  await chooseAccount(popup, 'Ada Admin') // everything was granted before, so no consent page appears
  await closed
  await expect(problem).toBeHidden()
  await expect(settings.notice('Reconnected')).toContainText('Mail leaves from reports@contoso.com again.')
  await expect(settings.notice('Test mail sent')).toBeVisible()
  await expect(settings.status('Connected')).toBeVisible()
  await expect(settings.address).toHaveValue('reports@contoso.com')
  await expect(settings.largeAttachments).toBeChecked()
  await expect(settings.largeAttachments).toBeDisabled()
  expect(await microsoft.subjects('ada@contoso.com', 'inbox')).toContain('Test mail from Inforiver')
})
