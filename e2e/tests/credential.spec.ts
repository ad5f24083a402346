import { AxeBuilder } from '@axe-core/playwright'
import { startProduct } from '../support/product.ts'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

const DAY_MS = 24 * 60 * 60_000

test.use({ account: null })
test.describe.configure({ timeout: 120_000 }) // starts a product of its own

test('before the client secret expires, the settings say when, what it means and who mends it', async ({ page }) => {
  const expires = new Date(Date.now() + 4.5 * DAY_MS).toISOString()
  const product = await startProduct({ environment: { AZURE_CLIENT_SECRET_EXPIRES: expires } })
  await page.goto(product.url + SETTINGS_PATH)
  await signIn(page, 'Ada Admin')

  const settings = createSettingsPage(page)
  const warning = settings.notice('The client secret of the app registration expires in 5 days')
  await expect(warning).toContainText('From then on nothing is sent, and nobody can sign in.')
  await expect(warning).toContainText('sets AZURE_CLIENT_SECRET and AZURE_CLIENT_SECRET_EXPIRES')
  // Other pages show it as a notice; this page shows it once.
  await expect(page.getByRole('group', { name: /client secret/ })).toHaveCount(1)
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id }) => id)).toEqual([])

  await settings.address.fill('ada@contoso.com')
  await settings.consent(settings.enable)
  await expect(settings.connection).toContainText('Client secretValid until')
  await product.dispose()
})

test.describe('where nobody has said when it expires', () => {
  test.use({ account: 'Ada Admin', connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('the settings say nothing of it', async ({ settings }) => {
    await expect(settings.connection).toContainText('Connected since')
    await expect(settings.page.getByText('Client secret')).toHaveCount(0)
  })
})
