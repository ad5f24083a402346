import type { Page } from '@playwright/test'

/** The requests to retry messages that the page makes from now on. */
export function retriesFrom(page: Page): readonly string[] {
  const urls: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/retry')) urls.push(request.url())
  })
  return urls
}
