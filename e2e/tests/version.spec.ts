import { SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, signIn, test } from '../support/test.ts'

test.use({ account: null })

test('every page has the version at its foot, signed out too', async ({ page, product }) => {
  const health = await page.request.get(`${product.url}/healthz`)
  const { version } = (await health.json()) as { version: string }
  const foot = page.getByRole('contentinfo')

  await page.goto(SETTINGS_PATH)
  await expect(page.getByRole('link', { name: 'Sign in with Microsoft' })).toBeVisible()
  await expect(foot).toContainText(`Inforiver Mail ${version}`)

  await signIn(page, 'Ada Admin')
  await expect(page.getByRole('heading', { name: 'Tenant Settings', level: 1 })).toBeVisible()
  await expect(foot).toContainText(`Inforiver Mail ${version}`)
  const { bottom, height } = await foot.evaluate((element) => ({
    bottom: Math.round(element.getBoundingClientRect().bottom),
    height: document.documentElement.scrollHeight,
  }))
  expect(bottom).toBe(height)

  await page.goto('/auth/microsoft/callback')
  await expect(foot).toContainText(`Inforiver Mail ${version}`)
})
