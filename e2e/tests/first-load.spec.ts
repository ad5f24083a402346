import type { Response } from '@playwright/test'
import { expect, test } from '../support/test.ts'

const BUDGET_BYTES = 170 * 1_024

test('the overview needs at most 170 KB of scripts until it is loaded, as transferred, and its charts come later', async ({
  otherBrowser,
}) => {
  const page = await otherBrowser('Ada Admin') // with an empty cache
  const scripts: Response[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response)
  })
  await page.goto('/', { waitUntil: 'load' })
  const first = [...scripts]
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()

  const sizes = await Promise.all(first.map((script) => script.request().sizes()))
  const transferredBytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
  test.info().annotations.push({ type: 'JavaScript transferred', description: `${transferredBytes} bytes` })
  expect(transferredBytes).toBeGreaterThan(100_000)
  expect(transferredBytes).toBeLessThanOrEqual(BUDGET_BYTES)
  expect(first.filter((script) => script.url().includes('chart'))).toEqual([])
  for (const script of first) expect(script.headers()['content-encoding'] ?? 'br').toMatch(/^(br|gzip)$/)
})

test('a page that cannot be loaded leaves the menu in its place, and opens once the server answers again', async ({
  otherBrowser,
}) => {
  const page = await otherBrowser('Ada Admin')
  await page.goto('/settings/recipients')
  await expect(page.getByRole('heading', { name: 'Recipients', level: 1 })).toBeVisible() // and nothing is loaded later
  const messages = page.getByRole('navigation').getByRole('link', { name: 'Messages' })
  await page.route('**/assets/*.js', (route) => route.abort())
  await messages.click()
  await expect(page.getByRole('heading', { name: 'The page could not be opened', level: 1 })).toBeVisible()
  await expect(messages).toBeVisible()
  await page.unroute('**/assets/*.js')
  await page.getByRole('button', { name: 'Retry' }).click() // it is also tried again by itself
  await expect(page.getByRole('heading', { name: 'Messages', level: 1 })).toBeVisible()
})

test('a page whose data cannot be read says so until they come, while it tries again', async ({ page }) => {
  await page.route('**/api/v1/overview', (route) => route.abort())
  await page.goto('/')
  const retry = page.getByRole('button', { name: 'Retry' })
  await retry.focus()
  await page.waitForRequest('**/api/v1/overview')
  const retrying = page.getByRole('button', { name: 'Trying…' })
  await expect(retrying).toBeFocused()
  await expect(page.getByRole('alert')).toBeVisible()
  await page.unroute('**/api/v1/overview')
  await expect(page.getByRole('heading', { name: 'Overview', level: 1 })).toBeVisible()
})

test('a part of a page that cannot be loaded leaves the rest in its place, and comes once the server answers again', async ({
  otherBrowser,
}) => {
  const page = await otherBrowser('Ada Admin')
  await page.route('**/assets/setup-check-section-*.js', (route) => route.abort())
  const refused = page.waitForEvent('requestfailed')
  await page.goto('/settings/office365-smtp')
  const address = page.getByRole('textbox', { name: 'From Email Address' })
  await address.fill('reports@contoso.com')
  await refused
  await page.waitForRequest('**/assets/setup-check-section-*.js') // it is tried again by itself
  await expect(address).toHaveValue('reports@contoso.com')
  const notLoaded = page.getByRole('alert').filter({ hasText: 'it has a newer version' })
  await expect(notLoaded).toBeVisible()
  await page.unroute('**/assets/setup-check-section-*.js')
  await expect(page.getByRole('region', { name: 'Set-up check' })).toBeVisible()
  await expect(notLoaded).toBeHidden()
  await expect(address).toHaveValue('reports@contoso.com')
})

test('a dialog that cannot be loaded says so, and once that is dismissed it opens only when it is asked for', async ({
  connect,
  otherBrowser,
}) => {
  await connect({ fromEmail: 'ada@contoso.com' })
  const page = await otherBrowser('Ada Admin')
  await page.route('**/assets/sending-limits-dialog-*.js', (route) => route.abort())
  await page.goto('/')
  const edit = page.getByRole('button', { name: 'Licences and domains' })
  await edit.click()
  const notLoaded = page.getByRole('alert').filter({ hasText: 'it has a newer version' })
  await expect(notLoaded).toBeVisible()
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await expect(notLoaded).toBeHidden()
  await expect(edit).toBeFocused()
  await page.unroute('**/assets/sending-limits-dialog-*.js')
  await edit.click()
  await expect(page.getByRole('dialog', { name: 'Licences and domains' })).toBeVisible()
})
