import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { PAGE_STATES } from '../support/states.ts'
import { connect, expect, test } from '../support/test.ts'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

for (const state of PAGE_STATES) {
  const { name, account, sender } = state
  test.describe(name, () => {
    test.use({ account })

    test(`the page ${name} is accessible to axe, wide in light and narrow in dark, and fits 360 pixels`, async ({
      page,
      product,
      microsoft,
    }) => {
      if (sender) await connect(page, product, sender)
      await page.goto(SETTINGS_PATH)
      await state.reach(page, microsoft)
      await page.bringToFront() // a page behind a popup is not painted

      await show(page, 'light')
      expect(await faultsOf(page)).toEqual([])
      await page.setViewportSize({ width: 360, height: 740 })
      await show(page, 'dark')
      expect(await widestPixels(page)).toBeLessThanOrEqual(360)
      expect(await faultsOf(page)).toEqual([])
    })
  })
}

test('the menu of a narrow screen has no fault that axe finds, and leads to the settings', async ({
  page,
  settings,
}) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.getByRole('button', { name: 'Open menu' }).click()
  const menu = page.getByRole('dialog', { name: 'Inforiver Mail' })
  expect(await faultsOf(page)).toEqual([])
  await menu.getByRole('link', { name: 'Settings' }).click()
  await expect(menu).toBeHidden()
  await expect(settings.address).toBeVisible()
})

test('text that is enlarged to 200 % is not cut off', async ({ page, settings }) => {
  // 1280 pixels at 200 % have the layout of 640.
  await page.setViewportSize({ width: 640, height: 450 })
  await settings.address.fill('reports@contoso.com')
  expect(await widestPixels(page)).toBeLessThanOrEqual(640)
  await settings.enable.scrollIntoViewIfNeeded()
  await expect(settings.enable).toBeInViewport()
})

test('the plain pages after Microsoft have no fault that axe finds', async ({ page }) => {
  await page.goto('/auth/microsoft/callback')
  await expect(page.getByRole('heading', { name: 'This answer was not expected here' })).toBeVisible()
  for (const colorScheme of ['light', 'dark'] as const) {
    await show(page, colorScheme)
    expect(await faultsOf(page)).toEqual([])
  }
})

test.describe('with forced colours', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' }, contextOptions: { forcedColors: 'active' } })

  test('controls keep their edges, and the current page is marked', async ({ page, settings }) => {
    await settings.address.fill('reports@contoso.com')
    for (const control of [settings.save, settings.reset, settings.sendTestMail, settings.largeAttachments]) {
      const edge = await control.evaluate((element) => {
        const box = element.matches('input') ? (element.nextElementSibling ?? element) : element
        const { borderStyle, borderColor, backgroundColor } = getComputedStyle(box)
        return { borderStyle, visible: borderColor !== backgroundColor }
      })
      expect(edge).toEqual({ borderStyle: 'solid', visible: true })
    }
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' })
    await expect(link).toHaveCSS('border-left-style', 'solid')
  })
})

/** Changes the colour scheme, and waits until its transitions are over. */
async function show(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(resolve))
    await painted()
    await painted()
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition)
    await Promise.allSettled(transitions.map(({ finished }) => finished))
  })
}

async function faultsOf(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
  )
}

function widestPixels(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth)
}
