import { expect } from '@playwright/test'
import type { TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'

export async function createWebhook(admin: TestBrowser, receiver: string): Promise<void> {
  const { status, text } = await admin.call('POST', '/api/v1/webhooks', { url: receiver })
  if (status !== 201) throw new Error(`The webhook was answered ${status}: ${text}`)
}

/** Removes every webhook, so that the next test starts without any. */
export async function removeWebhooks(admin: TestBrowser): Promise<void> {
  const { json } = await admin.call('GET', '/api/v1/webhooks')
  for (const { id } of json.items) await admin.call('DELETE', `/api/v1/webhooks/${id}`)
}

/** Dismisses every notice, so that the next test starts without any. */
export async function dismissNotices(admin: TestBrowser): Promise<void> {
  const { json } = await admin.call('GET', '/api/v1/notices')
  for (const { id } of json.items) await admin.call('POST', `/api/v1/notices/${id}/dismiss`)
}

/** Resolves once every webhook has been tried. */
export async function untilTried(admin: TestBrowser): Promise<void> {
  const untried = async () => {
    const { json } = await admin.call('GET', '/api/v1/webhooks')
    return (json.items as readonly { lastAttempt: object | null }[]).filter(({ lastAttempt }) => lastAttempt === null)
  }
  await expect.poll(untried).toEqual([])
}
