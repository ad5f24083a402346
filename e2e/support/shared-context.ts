import type { Browser, BrowserContext, ViewportSize } from '@playwright/test'
import { createPageFaults, type PageFaults } from './page-faults.ts'

/** Has our origin, runs no script and calls no endpoint. */
const QUIET_PATH = '/favicon.svg'

/**
 * The context that serves all tests of a worker, with one page. The runner's own way to use a context again clears its
 * caches and leaves its renderer, so that each test would load and compile the page's scripts anew.
 */
export interface SharedContext {
  /** Faults of this context, and of all others that are told to it. */
  readonly faults: PageFaults
  /** Empties the context, except for its caches, and leaves one quiet page. */
  open(viewport: ViewportSize | null): Promise<BrowserContext>
}

export function createSharedContext(browser: Browser): SharedContext {
  const faults = createPageFaults()
  let shared: BrowserContext | null = null
  return {
    faults,
    async open(viewport) {
      if (shared === null) {
        shared = await browser.newContext() // with the options of the test that opens it first, which all tests share
        await faults.watch(shared)
        await shared.newPage()
      }
      await empty(shared, viewport)
      return shared
    },
  }
}

async function empty(context: BrowserContext, viewport: ViewportSize | null): Promise<void> {
  const [first, ...others] = context.pages()
  await Promise.all(others.map((other) => other.close()))
  const page = first ?? (await context.newPage())
  await context.clearCookies()
  await context.clearPermissions()
  await page.goto(QUIET_PATH)
  await page.evaluate(() => {
    localStorage.clear()
    sessionStorage.clear()
  })
  await page.mouse.move(-1, -1)
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', reducedMotion: 'no-preference' })
  if (viewport) await page.setViewportSize(viewport)
}
