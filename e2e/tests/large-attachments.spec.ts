import { chooseAccount } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

const WHOLE_MAILBOX = 'It covers the whole mailbox of the person who gives consent'

test('large attachments are enabled together with the mailbox, locked from then on, and free again after Reset', async ({
  page,
  settings,
}) => {
  await expect(settings.largeAttachments).toHaveAccessibleDescription(new RegExp(WHOLE_MAILBOX))
  await settings.address.fill('ada@contoso.com')
  await settings.largeAttachments.check()
  await expect(settings.permissionsAsked.getByRole('listitem')).toHaveText([
    /^Mail\.Send: /,
    /^Mail\.ReadWrite: Read and write all mail in this person's mailbox/,
    /^User\.Read: /,
  ])

  const popup = await settings.openMicrosoft(settings.enable)
  await chooseAccount(popup, 'Ada Admin')
  await expect(popup.locator('.scope')).toContainText(['Mail.Send', 'Mail.ReadWrite'])
  const closed = popup.waitForEvent('close')
  await popup.getByRole('button', { name: 'Accept' }).click()
  await closed

  await expect(settings.notice('Connected')).toContainText('Large file attachments are enabled.')
  await expect(settings.connection).toContainText('Mail.ReadWrite: ')
  await expect(settings.largeAttachments).toBeChecked()
  await expect(settings.largeAttachments).toBeDisabled()
  await expect(settings.largeAttachments).toHaveAccessibleDescription(/^Locked: .* until Reset\./)
  await settings.largeAttachments.focus()
  await page.keyboard.press('Space')
  await expect(settings.largeAttachments).toBeChecked()

  await settings.resetAll()
  await expect(settings.largeAttachments).toBeEnabled()
  await expect(settings.largeAttachments).not.toBeChecked()
})
