import type { APIRequestContext, PlaywrightWorkerArgs } from '@playwright/test'
import type { TestBrowser } from '../../apps/api/src/test-support/test-browser.ts'

type Scope = 'messages:send' | 'messages:read' | 'settings:read'

export interface StreamAnswer {
  readonly status: number
  /** The message or the problem. */
  readonly json: { readonly id?: string; readonly code?: string; readonly detail?: string }
}

/** Another Inforiver service, which knows only the product's address and its own key. */
export interface Service {
  /** Submits a message and returns its id. */
  submit(message: Readonly<Record<string, unknown>>): Promise<string>
  /** Submits a message as multipart and streams its attachments. */
  stream(message: Readonly<Record<string, unknown>>, files: readonly File[]): Promise<StreamAnswer>
  /** The status of a read: 401 once the key is revoked. */
  readStatus(): Promise<number>
}

export function createService(playwright: PlaywrightWorkerArgs['playwright'], url: string, key: string): Service {
  async function withKey<Result>(use: (request: APIRequestContext) => Promise<Result>): Promise<Result> {
    const request = await playwright.request.newContext({
      baseURL: url,
      storageState: { cookies: [], origins: [] },
      extraHTTPHeaders: { authorization: `Bearer ${key}` },
    })
    const result = await use(request)
    await request.dispose()
    return result
  }
  return {
    submit: (message) =>
      withKey(async (request) => {
        const answer = await request.post('/api/v1/messages', { data: message })
        if (answer.status() !== 202)
          throw new Error(`Submitting was answered ${answer.status()}: ${await answer.text()}`)
        const { id } = (await answer.json()) as { id: string }
        return id
      }),
    async stream(message, files) {
      const form = new FormData()
      form.set('message', JSON.stringify(message))
      for (const file of files) form.append('attachment', file)
      const { body, headers } = new Response(form)
      const request: RequestInit & { duplex: 'half' } = {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': headers.get('content-type') ?? '' },
        body,
        duplex: 'half', // sent in chunks, without a length
      }
      const answer = await fetch(`${url}/api/v1/messages`, request)
      return { status: answer.status, json: (await answer.json()) as StreamAnswer['json'] }
    },
    readStatus: () => withKey(async (request) => (await request.get('/api/v1/messages')).status()),
  }
}

/** Creates a key and returns it. */
export async function createKey(
  admin: TestBrowser,
  name: string,
  scopes: readonly Scope[] = ['messages:send', 'messages:read'],
): Promise<string> {
  const { json } = await admin.call('POST', '/api/v1/service-keys', { name, scopes })
  return json.key
}

/** Revokes every key, so that the next test starts without any. */
export async function revokeKeys(admin: TestBrowser): Promise<void> {
  const { json } = await admin.call('GET', '/api/v1/service-keys')
  for (const { id } of json.items) await admin.call('DELETE', `/api/v1/service-keys/${id}`)
}

/** Cancels every waiting message, so that the next test starts without any. */
export async function cancelWaiting(admin: TestBrowser): Promise<void> {
  for (const status of ['held', 'scheduled', 'queued']) {
    const { json } = await admin.call('GET', `/api/v1/messages?status=${status}&limit=100`)
    for (const { id } of json.items) await admin.call('POST', `/api/v1/messages/${id}/cancel`)
  }
}
