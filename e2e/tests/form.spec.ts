import { chooseAccount } from '../support/microsoft.ts'
import { expect, test } from '../support/test.ts'

test('the address is checked while it is typed, and Enable says why it does nothing', async ({ page, settings }) => {
  await expect(settings.enable).toBeDisabled()
  await expect(settings.enable).toHaveAccessibleDescription('To enable, enter the From Email Address first.')
  await settings.address.pressSequentially('reports')
  await expect(settings.address).toHaveAccessibleDescription(
    /An email address needs an @, as in reports@contoso\.com\./,
  )
  await expect(settings.address).toHaveAttribute('aria-invalid', 'true')
  await expect(settings.enable).toBeDisabled()
  await expect(settings.enable).toHaveAccessibleDescription(
    'To enable, correct the From Email Address. An email address needs an @, as in reports@contoso.com.',
  )
  await settings.address.pressSequentially('@contoso')
  await expect(settings.enable).toHaveAccessibleDescription(/The part after the @ needs a dot, as in contoso\.com\./)
  await settings.address.pressSequentially('.com')
  await expect(settings.address).not.toHaveAttribute('aria-invalid', 'true')
  await expect(settings.enable).toBeEnabled()
  await expect(settings.enable).toHaveAccessibleDescription(
    "Connects reports@contoso.com once Microsoft's consent completes.",
  )
  await page.reload()
  await expect(settings.status('Not configured')).toBeVisible()
})

test('Enter in the field starts nothing while the address is not valid', async ({ page, settings }) => {
  await settings.address.fill('<reports@contoso.com>')
  await settings.address.press('Enter')

  await expect(settings.address).toHaveAccessibleDescription(/Enter only the address/)
  await expect(settings.pending).toBeHidden()
  expect(page.context().pages()).toHaveLength(1)
})

test('an address with letters beyond ASCII is valid', async ({ settings }) => {
  await settings.address.fill('jürgen@müller.de')
  await expect(settings.enable).toBeEnabled()
})

test('Enable Single Sender Identity is on, locked, and says why', async ({ page, settings }) => {
  await expect(settings.singleSender).toBeChecked()
  await expect(settings.singleSender).toBeDisabled()
  await expect(settings.singleSender).toHaveAccessibleDescription(
    'Locked: the configured address is the only sender, and a message that asks for another is refused.',
  )
  await settings.singleSender.focus()
  await page.keyboard.press('Space')
  await settings.singleSender.click({ force: true })
  await expect(settings.singleSender).toBeChecked()
})

test('the permissions to be asked for follow the address and the toggle', async ({ settings }) => {
  const names = settings.permissionsAsked.getByRole('listitem')
  await expect(names).toHaveText([/^Mail\.Send: /, /^User\.Read: /])
  await settings.address.fill('reports@contoso.com')
  await expect(names).toHaveText([/^Mail\.Send: /, /^Mail\.Send\.Shared: /, /^User\.Read: /])
  await settings.largeAttachments.check()
  await expect(names).toHaveText([/^Mail\.Send: /, /^Mail\.Send\.Shared: /, /^Mail\.ReadWrite: /, /^User\.Read: /])
  await settings.address.fill('ADA@contoso.com')
  await expect(names).toHaveText([/^Mail\.Send: /, /^Mail\.ReadWrite: /, /^User\.Read: /])
})

test('after an Entra administrator has approved through the link, nobody is asked for consent', async ({
  page,
  settings,
  otherBrowser,
}) => {
  await settings.address.fill('ada@contoso.com')
  await settings.largeAttachments.check()
  const link = page.getByRole('link', { name: '/auth/microsoft/admin-consent' })
  const address = (await link.getAttribute('href')) ?? ''

  const administrator = await otherBrowser()
  await administrator.goto(address)
  await chooseAccount(administrator, 'Grace Global')
  await expect(administrator.getByText('Review for your organization')).toBeVisible()
  const asked = administrator.locator('.scope')
  await expect(asked).toContainText(['Mail.Send', 'Mail.ReadWrite'])
  await expect(asked.filter({ hasText: 'Mail.Send.Shared' })).toHaveCount(0)
  await administrator.getByRole('button', { name: 'Accept' }).click()
  await expect(administrator.getByRole('heading', { name: 'Back from Microsoft' })).toBeVisible()

  const popup = await settings.openMicrosoft(settings.enable)
  const closed = popup.waitForEvent('close')
  await chooseAccount(popup, 'Ada Admin')
  await closed
  await expect(settings.notice('Connected')).toContainText('Large file attachments are enabled.')
})

test('coming back from the approval link without approving changes nothing and says so', async ({ otherBrowser }) => {
  const administrator = await otherBrowser()
  await administrator.goto('/auth/microsoft/admin-consent?largeAttachments=false')
  await chooseAccount(administrator, 'Grace Global')
  await administrator.getByRole('button', { name: 'Cancel' }).click()

  await expect(administrator.getByText('If you did not, nothing has changed.')).toBeVisible()
})

test.describe('when a mailbox is connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('the recipient of a test mail is checked while it is typed', async ({ page, settings }) => {
    const recipient = page.getByRole('textbox', { name: 'Recipient (optional)' })
    await expect(recipient).toHaveAccessibleDescription('Left empty, the test mail goes to you: ada@contoso.com.')
    await recipient.fill('max')
    await expect(recipient).toHaveAccessibleDescription(/An email address needs an @/)
    await expect(settings.sendTestMail).toBeDisabled()
    await recipient.fill('max@contoso.com')
    await expect(settings.sendTestMail).toBeEnabled()
  })
})
