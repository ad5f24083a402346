import { chooseAccount } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

test('an admin connects their own mailbox, sends a test mail and reads it there', async ({ page, settings }) => {
  await expect(settings.status('Not configured')).toBeVisible()
  await settings.address.fill('ada@contoso.com')
  await settings.consent(settings.enable)

  await expect(settings.notice('Connected')).toContainText('Mail leaves from ada@contoso.com.')
  await expect(settings.connection).toContainText("Sends as ada@contoso.com, Ada Admin's own mailbox.")
  await expect(settings.connection.getByRole('listitem')).toHaveText([/^Mail\.Send: /, /^User\.Read: /])

  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com to ada@contoso.com.')

  const opened = page.waitForEvent('popup')
  await settings.notice('Test mail sent').getByRole('link', { name: 'Open the simulated mailboxes' }).click()
  const mailboxes = await opened
  await mailboxes.getByRole('link', { name: 'ada@contoso.com' }).click()
  const inbox = mailboxes.getByRole('table').first()
  await expect(inbox.getByRole('row').filter({ hasText: 'Inforiver sends mail as ada@contoso.com' })).toBeVisible()
  await inbox.getByRole('link', { name: 'Test mail from Inforiver' }).click()
  await expect(mailboxes.getByRole('heading', { name: 'Test mail from Inforiver' })).toBeVisible()
  await expect(mailboxes.getByText('Ada Admin <ada@contoso.com>')).toHaveCount(2)
  await expect(mailboxes.frameLocator('iframe').locator('body')).toContainText('Inforiver')
})

test('Microsoft is asked for what the page announced, and shown its account picker', async ({ settings }) => {
  await settings.address.fill('ada@contoso.com')
  await expect(settings.permissionsAsked.getByRole('listitem')).toHaveText([
    'Mail.Send: Send mail as the person who gives consent.',
    "User.Read: Read this person's name and address.",
  ])

  const popup = await settings.openMicrosoft(settings.enable)
  await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
  await chooseAccount(popup, 'Ada Admin')

  await expect(popup.locator('.scope')).toHaveText(['Mail.Send', 'User.Read', 'openid', 'profile', 'offline_access'])
})

test('the page shows which account gave consent when it is not the one that is signed in', async ({ settings }) => {
  await settings.address.fill('bob@contoso.com')
  await settings.consent(settings.enable, 'Bob Behalf')

  await expect(settings.connection).toContainText("Sends as bob@contoso.com, Bob Behalf's own mailbox.")
  await expect(settings.connection).toContainText('Bob Behalf (bob@contoso.com)')
})

test.describe('when a mailbox was connected before', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('permissions granted then are not asked for again, and that is a success', async ({ settings }) => {
    await settings.resetAll()
    await settings.address.fill('ada@contoso.com')

    const popup = await settings.openMicrosoft(settings.enable)
    const closed = popup.waitForEvent('close')
    await chooseAccount(popup, 'Ada Admin')
    await closed

    await expect(settings.status('Connected')).toBeVisible()
  })
})
