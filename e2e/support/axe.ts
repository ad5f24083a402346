import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** Each page compiles it anew, and the builder's own is twice as long. */
const SOURCE = readFileSync(
  createRequire(import.meta.resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js'),
  'utf8',
)
const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Those of the rules above that look at colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

/** Checks that axe finds no fault in the page, and that nothing in it is wider than the window. */
export async function expectAccessible(page: Page, rules: 'all' | 'colours' = 'all'): Promise<void> {
  await untilColoursSettle(page)
  const isLoaded = await page.evaluate(() => 'axe' in globalThis)
  const builder = new AxeBuilder({ page, axeSource: isLoaded ? 'undefined' : SOURCE })
  builder.options({ resultTypes: ['violations'] })
  const { violations } = await (rules === 'all' ? builder.withTags(ALL_RULES) : builder.withRules(COLOUR_RULES))
    .setLegacyMode() // our pages have no frame of another origin, so axe needs no second page for its results
    .analyze()
  const faults = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
  )
  expect(faults, 'what axe finds').toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}

/** Changes the colour scheme, and waits until its transitions are over. */
export async function show(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await untilColoursSettle(page)
}

/** Waits until no colour is on its way to another, as that of a button that has just been enabled. */
async function untilColoursSettle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(resolve))
    await painted()
    await painted()
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition)
    await Promise.allSettled(transitions.map(({ finished }) => finished))
  })
}

/** The same at both widths, each in another colour scheme. The window is as before afterwards. */
export async function expectAccessibleAtBothWidths(page: Page): Promise<void> {
  const wide = page.viewportSize()
  await page.bringToFront() // a page behind a popup is not painted
  await show(page, 'light')
  await expectAccessible(page)
  await page.setViewportSize({ width: 360, height: 740 })
  await show(page, 'dark')
  await expectAccessible(page)
  if (wide) await page.setViewportSize(wide)
}

/** The same on a phone, in both colour schemes, which differ in nothing but colours. */
export async function expectAccessibleOnPhone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 360, height: 800 })
  await show(page, 'light')
  await expectAccessible(page)
  await show(page, 'dark')
  await expectAccessible(page, 'colours')
}
