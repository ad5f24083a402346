import { startProduct } from '../support/product.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.use({ account: null })
test.describe.configure({ timeout: 240_000 }) // starts a product of its own

test('where SMTP does not say Office365, the pages say what to set', async ({ page }) => {
  const product = await startProduct({ environment: { SMTP: 'Other' } })
  await page.goto(product.url + SETTINGS_PATH)
  await signIn(page, 'Ada Admin')

  await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
  await expect(page.getByRole('main')).toContainText('the operator sets SMTP=Office365 in the file inforiver-mail.env')
  await expect(page.getByRole('textbox')).toHaveCount(0)
  for (const name of ['Service keys', 'Alerts']) {
    await page.getByRole('link', { name }).click()
    await expect(page.getByRole('heading', { name, level: 1 })).toBeFocused()
    await expect(page.getByRole('main')).toContainText('the operator sets SMTP=Office365')
  }
  const answer = await page.request.get(`${product.url}/api/v1/tenant-settings/office365-smtp`)
  expect(answer.status()).toBe(404)
  await product.dispose()
})
