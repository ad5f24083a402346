import type { TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'
import { chooseAccount } from '../support/microsoft.ts'
import type { SettingsPage } from '../support/settings-page.ts'
import { CANCELLED } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const SETTINGS = '/api/v1/tenant-settings/office365-smtp'

/** Checks that nothing is connected, and that the page does not say so. */
async function expectNothingConnected(settings: SettingsPage, admin: TestBrowser): Promise<void> {
  await expect(settings.notice('Connected')).toBeHidden()
  await expect(settings.status('Not configured')).toBeVisible()
  await expect(settings.connection).toBeHidden()
  expect((await admin.call('GET', SETTINGS)).json).toMatchObject({ status: 'not-configured', fromEmail: null })
}

test('a needed admin approval is explained, and the link lets an Entra administrator approve for everybody', async ({
  settings,
  microsoft,
  admin,
  otherBrowser,
}) => {
  await settings.address.fill('ada@contoso.com')
  await microsoft.control('PATCH', '/settings', { userConsent: 'disabled' })
  const popup = await settings.openMicrosoft(settings.enable)
  await chooseAccount(popup, 'Ada Admin')
  await expect(popup.getByRole('heading', { name: 'Need admin approval' })).toBeVisible()
  await popup.getByRole('link', { name: 'Return to the application without granting consent' }).click()

  const notice = settings.notice(CANCELLED)
  await expect(notice).toContainText('an Entra administrator has to open')
  await expect(notice).toContainText(/Correlation id: [0-9a-f-]{36}/)
  await expectNothingConnected(settings, admin)
  const address = await notice.getByRole('link').getAttribute('href')
  const administrator = await otherBrowser()
  await administrator.goto(address ?? '')
  await expect(administrator.getByText('Missing: Mail.Send (delegated)')).toBeVisible()
  await administrator.getByRole('link', { name: 'Approve at Microsoft' }).click()
  await chooseAccount(administrator, 'Grace Global')
  await expect(administrator.getByText('Review for your organization')).toBeVisible()
  await administrator.getByRole('button', { name: 'Accept' }).click()
  await expect(administrator.getByRole('heading', { name: 'Approved' })).toBeVisible()
  await expect(administrator.getByText('Approved: Mail.Send (delegated)')).toBeVisible()
  await expect(administrator.getByText('Missing')).toHaveCount(0)

  const again = await settings.openMicrosoft(notice.getByRole('button', { name: 'Try again' }))
  await chooseAccount(again, 'Ada Admin')
  await expect(settings.notice('Connected')).toBeVisible()
})
