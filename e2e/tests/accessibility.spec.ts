import type { Page } from '@playwright/test'
import { createWebhook, removeWebhooks } from '../support/alerts.ts'
import { expectAccessible, expectAccessibleAtBothWidths, show } from '../support/axe.ts'
import { SETTINGS_PATH } from '../support/settings-page.ts'
import { PAGE_STATES, type PageState } from '../support/states.ts'
import { expect, test } from '../support/test.ts'

const NARROW = { width: 360, height: 740 }

for (const states of walksThrough(PAGE_STATES.filter(({ isOnTheWay }) => !isOnTheWay))) {
  const [{ account, sender }] = states
  const names = states.map(({ name }) => name).join(', ')
  test.describe(names, () => {
    test.use({ account })

    test(`the page is accessible to axe, wide in light and narrow in dark, and fits 360 pixels: ${names}`, async ({
      page,
      connect,
      microsoft,
    }) => {
      if (sender) await connect(sender)
      await page.goto(SETTINGS_PATH)
      for (const state of states) {
        await test.step(state.name, async () => {
          await page.keyboard.press('Escape') // closes the dialog of the state before
          await state.reach(page, microsoft)
          await expectAccessibleAtBothWidths(page)
        })
      }
    })
  })
}

test('a narrow screen has an accessible menu that leads to the settings, and cuts off no text at 200 %', async ({
  page,
  settings,
}) => {
  await page.setViewportSize(NARROW)
  await page.getByRole('button', { name: 'Open menu' }).click()
  const menu = page.getByRole('dialog', { name: 'Inforiver Mail' })
  await expectAccessible(page)
  await menu.getByRole('link', { name: 'Settings' }).click()
  await expect(menu).toBeHidden()
  await expect(settings.address).toBeVisible()

  await test.step('1280 pixels at 200 % have the layout of 640', async () => {
    await page.setViewportSize({ width: 640, height: 450 })
    await settings.address.fill('reports@contoso.com')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640)
    await settings.enable.scrollIntoViewIfNeeded()
    await expect(settings.enable).toBeInViewport()
  })
})

const AUDIT_LOG = '/settings/audit-log'
const PAGES = [
  '/',
  '/messages',
  '/settings/office365-smtp',
  '/settings/recipients',
  '/settings/service-keys',
  '/settings/alerts',
  '/settings/sessions',
  AUDIT_LOG,
]

test('no page is wider than its window: in a longer language written from right to left, and in German, also at 200 % with forced colours; no text is from the code', async ({
  page,
  admin,
}) => {
  await removeWebhooks(admin)
  const wide = page.viewportSize() ?? NARROW
  const tooWide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  for (const path of PAGES) {
    await test.step(path, async () => {
      await page.evaluate(() => localStorage.setItem('inforiver-mail.language', 'qps'))
      await page.emulateMedia({ forcedColors: 'none' })
      await page.setViewportSize(NARROW)
      // What other tests did is in the audit log with the server's sentences, a sign-in has none.
      await page.goto(path === AUDIT_LOG ? `${path}?person=ada&action=sign-in` : path)
      await expect(page.getByRole('heading', { level: 1 })).toContainText('⟦')
      await expect(page.getByRole('progressbar')).toHaveCount(0)
      await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
      await expect.poll(tooWide).toBeLessThanOrEqual(0)
      expect(await textsOfTheCode(page)).toEqual([])

      await page.setViewportSize(wide) // which shows the menu with the languages
      await page.getByRole('combobox').filter({ hasText: 'Deutsch' }).selectOption('Deutsch')
      await expect(page.locator('html')).toHaveAttribute('lang', 'de')
      await page.setViewportSize(NARROW)
      await expect.poll(tooWide).toBeLessThanOrEqual(0)
      await page.setViewportSize({ width: 640, height: 450 })
      await page.emulateMedia({ forcedColors: 'active' })
      await expect.poll(tooWide).toBeLessThanOrEqual(0)
    })
  }
})

test('a dialog whose title names a long host fits 320 pixels', async ({ page, admin }) => {
  await removeWebhooks(admin)
  await createWebhook(admin, `https://${'x'.repeat(60)}.hooks-of-the-reporting-department.invalid/`)
  await page.setViewportSize({ width: 320, height: 640 })
  await page.goto('/settings/alerts')
  await page.getByRole('button', { name: /^Remove the webhook/ }).click()
  const dialog = page.getByRole('dialog', { name: /^Remove the webhook/ })
  await expect(dialog).toBeVisible()
  expect(await dialog.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThanOrEqual(0)
})

test('the plain pages after Microsoft have no fault that axe finds', async ({ page }) => {
  const answer = await page.goto('/auth/microsoft/callback')
  expect(answer?.status()).toBe(400)
  await expect(page.getByRole('heading', { name: 'This answer was not expected here' })).toBeVisible()
  await expect(page.getByText('It was not asked for in this browser')).toBeVisible()
  for (const colorScheme of ['light', 'dark'] as const) {
    await show(page, colorScheme)
    await expectAccessible(page)
  }
})

test.describe('with forced colours', () => {
  test.use({ connectedSender: { fromEmail: 'ada@contoso.com' } })

  test('controls keep their edges, and the current page is marked', async ({ page, settings }) => {
    await page.emulateMedia({ forcedColors: 'active' })
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

for (const [path, heading] of [
  ['/docs', 'Submits a message for delivery.'],
  ['/docs/runbook', 'InforiverMailAbsent'],
  ['/auth/microsoft/admin-consent?trace=true', 'Permissions to approve'],
] as const) {
  test(`the page ${path} is accessible to axe, wide in light and narrow in dark`, async ({ page }) => {
    await page.setViewportSize(NARROW)
    await page.goto(path)
    await expect(page.getByRole('heading', { name: heading })).toBeVisible()
    const { tooWide, ids } = await page.evaluate(() => ({
      tooWide: document.documentElement.scrollWidth - innerWidth,
      ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    }))
    expect(tooWide).toBeLessThanOrEqual(0)
    expect(new Set(ids).size).toBe(ids.length)

    // That of the API has five thousand elements, for which axe needs many seconds: the first of each section will do.
    await page.evaluate(() => {
      for (const article of document.querySelectorAll('article:not(:first-of-type)')) article.remove()
    })
    await show(page, 'dark')
    await expectAccessible(page)
    await page.setViewportSize({ width: 1280, height: 900 })
    await show(page, 'light')
    await expectAccessible(page, 'colours')
  })
}

/** The texts of a page in the language `qps` that are in no brackets, besides names, addresses and codes. */
function textsOfTheCode(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found: string[] = []
    while (walker.nextNode()) {
      const { currentNode } = walker
      const text = currentNode.textContent?.trim() ?? ''
      const parent = currentNode.parentElement
      const isFromCode =
        /\p{L}{2}/u.test(text) &&
        !/^Inforiver Mail|^(Ada|Bob|Gil|Grace|Max|Nora) \S+$|^\S+@\S+$|^\d+ \p{L}{3}( \d{4})?(, \d\d:\d\d)?$/u.test(
          text,
        ) &&
        !parent?.closest('script, style, noscript, time, tr[data-index], [lang]:not(html)') &&
        !parent?.closest(':not(a, b, strong, em, span, code)')?.textContent?.includes('⟦')
      if (isFromCode) found.push(text)
    }
    return found
  })
}

/** The states that are reached one after the other, without another page load. */
function walksThrough(states: readonly PageState[]): [PageState, ...PageState[]][] {
  const walks: [PageState, ...PageState[]][] = []
  for (const state of states) {
    if (state.follows) walks.at(-1)?.push(state)
    else walks.push([state])
  }
  return walks
}
