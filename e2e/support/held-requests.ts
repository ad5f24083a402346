import type { Page } from '@playwright/test'

export interface HeldRequests {
  /** How many have been made. */
  count(): number
  /** Lets those that are held go on to the server, and any later one at once. */
  release(): void
}

/** Holds what the page asks of an address with a method, as a slow network would. */
export async function holdRequests(page: Page, url: string, method: string): Promise<HeldRequests> {
  const released = Promise.withResolvers<void>()
  let count = 0
  await page.route(url, async (route) => {
    if (route.request().method() !== method) return route.fallback()
    count += 1
    await released.promise
    await route.continue()
  })
  return { count: () => count, release: released.resolve }
}
