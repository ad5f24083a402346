import { type APIRequestContext, expect } from '@playwright/test'

/** Creates a webhook as the admin whose session `request` carries. */
export async function createWebhook(request: APIRequestContext, url: string, receiver: string): Promise<void> {
  const answer = await request.post('/api/v1/webhooks', { data: { url: receiver }, headers: { origin: url } })
  if (answer.status() !== 201) throw new Error(`The webhook was answered ${answer.status()}: ${await answer.text()}`)
}

/** Removes every webhook, so that the next test starts without any. */
export async function removeWebhooks(request: APIRequestContext, url: string): Promise<void> {
  const answer = await request.get('/api/v1/webhooks')
  const { items } = (await answer.json()) as { items: readonly { id: string }[] }
  for (const { id } of items) await request.delete(`/api/v1/webhooks/${id}`, { headers: { origin: url } })
}

/** Dismisses every notice, so that the next test starts without any. */
export async function dismissNotices(request: APIRequestContext, url: string): Promise<void> {
  const answer = await request.get('/api/v1/notices')
  const { items } = (await answer.json()) as { items: readonly { id: string }[] }
  for (const { id } of items) await request.post(`/api/v1/notices/${id}/dismiss`, { headers: { origin: url } })
}

/** Resolves once every webhook has been tried. */
export async function untilTried(request: APIRequestContext): Promise<void> {
  const untried = async () => {
    const { items } = (await (await request.get('/api/v1/webhooks')).json()) as {
      items: readonly { lastAttempt: object | null }[]
    }
    return items.filter(({ lastAttempt }) => lastAttempt === null)
  }
  await expect.poll(untried).toEqual([])
}
