import type { Response } from '@playwright/test'
import { createSettingsPage, SETTINGS_PATH } from '../support/settings-page.ts'
import { expect, test } from '../support/test.ts'

const BUDGET_BYTES = 200_000

test('the first load of the settings needs less than 200 KB of JavaScript, as transferred', async ({
  otherBrowser,
}) => {
  const page = await otherBrowser('Ada Admin') // with an empty cache
  const scripts: Response[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response)
  })
  await page.goto(SETTINGS_PATH)
  await expect(createSettingsPage(page).address).toBeVisible()
  await page.waitForLoadState('networkidle')

  const sizes = await Promise.all(scripts.map((script) => script.request().sizes()))
  const transferredBytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
  test.info().annotations.push({ type: 'JavaScript transferred', description: `${transferredBytes} bytes` })
  expect(transferredBytes).toBeGreaterThan(0)
  expect(transferredBytes).toBeLessThan(BUDGET_BYTES)
  for (const script of scripts) expect(script.headers()['content-encoding']).toMatch(/^(br|gzip)$/)
})
