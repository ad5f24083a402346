import { expectAccessibleAtBothWidths } from '../support/axe.ts'
import { chooseAccount } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

test('an admin connects their own mailbox with the permissions that the page announced, and reads a test mail there', async ({
  page,
  settings,
}) => {
  await expect(settings.status('Not configured')).toBeVisible()
  await settings.address.fill('ada@contoso.com')
  await expect(settings.permissionsAsked.getByRole('listitem')).toHaveText([
    'Mail.Send: Send mail as the person who gives consent.',
    "User.Read: Read this person's name and address.",
  ])

  await test.step('Microsoft shows its account picker and asks for these, in a window cut from ours', async () => {
    const popup = await settings.openMicrosoft(settings.enable)
    await expect(popup.getByRole('heading', { name: 'Pick an account' })).toBeVisible()
    await chooseAccount(popup, 'Ada Admin')
    await expect(popup.locator('.scope')).toHaveText(['Mail.Send', 'User.Read', 'openid', 'profile', 'offline_access'])
    expect(await popup.evaluate(() => window.opener === null)).toBe(true)
    const closed = popup.waitForEvent('close')
    await popup.getByRole('button', { name: 'Accept' }).click()
    await closed
  })
  await expect(settings.notice('Connected')).toContainText('Mail leaves from ada@contoso.com.')
  await expect(settings.connection).toContainText("Sends as ada@contoso.com, Ada Admin's own mailbox.")
  await expect(settings.connection.getByRole('listitem')).toHaveText([/^Mail\.Send: /, /^User\.Read: /])

  await settings.sendTestMail.click()
  await expect(settings.notice('Test mail sent')).toContainText('From ada@contoso.com to ada@contoso.com.')
  await expectAccessibleAtBothWidths(page)

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
