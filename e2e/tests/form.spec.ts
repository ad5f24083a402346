import { type Credential, readCredential } from '../../packages/contract/src/credential.ts'
import { expectAccessibleOnPhone } from '../support/axe.ts'
import { holdRequests } from '../support/held-requests.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

test('the form of a new mailbox is checked while it is filled in, and says what its buttons would do', async ({
  page,
  settings,
}) => {
  await expect(settings.enable).toBeDisabled()
  await expect(settings.enable).toHaveAccessibleDescription('To enable, enter the From Email Address first.')
  const permissions = settings.permissionsAsked.getByRole('listitem')
  await expect(permissions).toHaveText([/^Mail\.Send: /, /^User\.Read: /])

  await test.step('Enable Single Sender Identity is on, locked, and says why', async () => {
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
  await test.step('Enter starts nothing while the address is not valid', async () => {
    await settings.address.fill('<reports@contoso.com>')
    await settings.address.press('Enter')
    await expect(settings.address).toHaveAccessibleDescription(/Enter only the address/)
    await expect(settings.pending).toBeHidden()
    expect(page.context().pages()).toHaveLength(1)
  })
  await settings.address.fill('jürgen@müller.de')
  await expect(settings.enable, 'letters beyond ASCII are valid').toBeEnabled()
  await test.step('the address is checked while it is typed', async () => {
    await settings.address.fill('')
    await settings.address.pressSequentially('reports')
    const fault = 'An email address needs an @, as in reports@contoso.com.'
    await expect(settings.address).toHaveAccessibleDescription(new RegExp(fault))
    await expect(settings.address).toHaveAttribute('aria-invalid', 'true')
    await expect(settings.enable).toHaveAccessibleDescription(`To enable, correct the From Email Address. ${fault}`)
    await settings.address.pressSequentially('@contoso.com')
    await expect(settings.address).not.toHaveAttribute('aria-invalid', 'true')
    await expect(settings.enable).toBeEnabled()
  })
  await test.step('the permissions and the link for an Entra administrator follow the entries', async () => {
    const approval = page.getByRole('link', { name: '/auth/microsoft/admin-consent' })
    await expect(permissions).toHaveText([/^Mail\.Send: /, /^Mail\.Send\.Shared: /, /^User\.Read: /])
    await settings.largeAttachments.check()
    await settings.address.fill('ADA@contoso.com')
    await expect(permissions).toHaveText([/^Mail\.Send: /, /^Mail\.ReadWrite: /, /^User\.Read: /])
    await expect(approval).toHaveAttribute('href', /largeAttachments=true/)
  })
  await page.reload()
  await expect(settings.status('Not configured')).toBeVisible()
})

test('where the application itself sends, the form asks for its permissions and for no right of a person, and warns of its certificate', async ({
  page,
  settings,
}) => {
  await page.route(`**${SETTINGS_PATH}`, async (route) => {
    const answer = await route.fetch()
    const html = await answer.text()
    const name = 'name="graph-auth"'
    await route.fulfill({
      response: answer,
      body: html.replace(`${name} content="delegated"`, `${name} content="application"`),
    })
  })
  await page.route(`**${readCredential.path}`, (route) => {
    const json: Credential = {
      kind: 'certificate',
      expiresAt: '2026-11-29T00:00:00.000Z',
      daysLeft: 5,
      level: 'warning',
    }
    return route.fulfill({ json })
  })
  await page.reload()
  const warning = settings.notice('The certificate of the app registration expires in 5 days')
  await expect(warning).toContainText('the operator of this installation puts it where AZURE_CLIENT_CERTIFICATE_PATH')
  const sender = page.getByRole('region', { name: 'Sender' })
  await settings.address.fill('finance@contoso.com')
  await expect(sender).toContainText('Mail.Send: Send mail from every mailbox the application may use.')
  await expect(sender).toContainText("no person's access is used or kept")
  await expect(sender).not.toContainText('Send As right')
})

test.describe('when a mailbox is connected', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('Save is possible only when something valid has changed, and a recipient is checked while it is typed', async ({
    page,
    settings,
  }) => {
    await expect(settings.save).toBeDisabled()
    await expect(settings.save).toHaveAccessibleDescription('Nothing has changed, so there is nothing to save.')
    await settings.address.fill('reports@contoso')
    await expect(settings.save).toHaveAccessibleDescription(/^To save, correct the From Email Address\./)
    await settings.address.fill('\u00A0 reports@contoso.com\u200B ') // as it is often pasted
    await expect(settings.address).toHaveValue('reports@contoso.com')
    await expect(settings.save).toBeEnabled()
    await settings.address.fill('ada@contoso.com')
    await expect(settings.save).toBeDisabled()

    const recipient = page.getByRole('textbox', { name: 'Recipient (optional)' })
    await expect(recipient).toHaveAccessibleDescription('Left empty, the test mail goes to you: ada@contoso.com.')
    await recipient.fill('max')
    await expect(recipient).toHaveAccessibleDescription(/An email address needs an @/)
    await expect(settings.sendTestMail).toBeDisabled()
    await recipient.fill('max@contoso.com')
    await expect(settings.sendTestMail).toBeEnabled()

    await test.step('the connection says what is left of the limits, and nothing of an expiry that nobody has told', async () => {
      await expect(settings.connection).toContainText('Connected since')
      await expect(settings.connection).toContainText(/Left now: \d+ of 30 messages a minute/)
      await expect(page.getByText('Client secret')).toHaveCount(0)
    })
    await test.step('what was read stays while the server cannot be reached, and says since when', async () => {
      const read = '**/api/v1/tenant-settings/office365-smtp'
      const unreachable = settings.notice('The server cannot be reached')
      await page.route(read, (route) => route.abort())
      await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
      await expect(unreachable).toContainText('The page shows the settings as read on')
      await expect(settings.connection).toContainText('Sends as ada@contoso.com')
      await page.unroute(read)
      await expect(unreachable).toBeHidden()
    })
  })
})

test('the set-up is checked before a mailbox is connected, for the address that is entered, and copied for support', async ({
  page,
  settings,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const section = page.getByRole('region', { name: 'Set-up check' })
  await settings.address.fill('reports@contoso.com')
  await expect(section).toContainText('Checks reports@contoso.com, which is not saved yet.')
  const progressSeen = Promise.withResolvers<void>()
  await page.route('**/office365-smtp/check', async (route) => {
    await progressSeen.promise
    await route.continue()
  })
  await section.getByRole('button', { name: 'Check the set-up' }).click()
  await expect(section.getByRole('progressbar')).toBeVisible()
  progressSeen.resolve()
  await expect(section.getByText(/ in order, /)).toBeVisible()
  await expect(section).toContainText('Checked for reports@contoso.com.')
  await expect(section.getByRole('listitem').filter({ hasText: 'no mailbox is connected' }).first()).toContainText(
    'Skipped',
  )
  await expectAccessibleOnPhone(page)

  await section.getByRole('button', { name: 'Copy for support' }).click()
  await expect(section.getByText('Copied.')).toBeVisible()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toContain('skipped permissions: not-connected')
  expect(copied).not.toContain('contoso')

  await test.step('what was found before a mailbox was connected is not shown as if it still held', async () => {
    await settings.consent(settings.enable)
    await expect(settings.status('Connected')).toBeVisible()
    await expect(section.getByText(/ in order, /)).toHaveCount(0)
    await expect(section).toContainText('The settings have changed since. Check again.')
  })
  await test.step('a check during which the settings change says that it has to be made again', async () => {
    const checking = await holdRequests(page, '**/office365-smtp/check', 'POST')
    await section.getByRole('button', { name: 'Check again' }).click()
    await expect.poll(() => checking.count()).toBe(1)
    await expect(section).not.toContainText('The settings have changed since.')
    await settings.resetAll()
    checking.release()
    await expect(section).toContainText('The settings have changed since. Check again.')
    await section.getByRole('button', { name: 'Check again' }).click()
    await expect(section.getByText(/ in order, /)).toBeVisible()
    await expect(section).not.toContainText('The settings have changed since.')
  })
})
