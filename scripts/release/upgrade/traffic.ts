import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Tenant } from '../../testbed/testbed.ts'

const CLIENTS = 4
const PAUSE_MS = 60
const TRY_AGAIN_MS = 100
const ANSWER_WITHIN_MS = 10_000

export interface Traffic {
  /** The ids of accepted messages. */
  readonly accepted: readonly string[]
  /** Requests that failed, other than because their process had stopped: the status, the path and the answer. */
  readonly failures: readonly string[]
  readonly reads: number
  /** Ends when every client has its answer. */
  stop(): Promise<void>
}

/**
 * Submits and reads messages like careful services: each submit has an idempotency key and is repeated, at any process
 * that serves, until it is answered with 202.
 *
 * @param urls of the processes that serve at the moment
 */
export function startTraffic(tenants: readonly Tenant[], urls: () => readonly string[]): Traffic {
  const accepted: string[] = []
  const failures: string[] = []
  let reads = 0
  let calls = 0
  const over = new AbortController()

  /** Resolves to the status and body of the answer; null when no process answers, or one that is about to stop. */
  async function call(
    tenant: Tenant,
    path: string,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly json: unknown } | null> {
    const serving = urls()
    const url = serving[calls++ % serving.length]
    if (url === undefined) return null
    try {
      const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${tenant.serviceKey}` }
      const response = await fetch(`${url}/api/v1${path}`, {
        ...init,
        headers,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      })
      const text = await response.text()
      if (response.status === 503) return null
      if (response.status >= 300)
        failures.push(`${response.status} ${init.method ?? 'GET'} ${path}: ${text.slice(0, 500)}`)
      return { status: response.status, json: JSON.parse(text) }
    } catch {
      return null
    }
  }

  async function submit(tenant: Tenant, subject: string): Promise<string> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ to: ['someone@example.com'], subject, text: 'Upgrade.' }),
    }
    for (;;) {
      const answer = await call(tenant, '/messages', init)
      if (answer?.status === 202) return (answer.json as { id: string }).id
      await delay(TRY_AGAIN_MS)
    }
  }

  async function client(number: number): Promise<void> {
    for (let count = number; !over.signal.aborted; count += CLIENTS) {
      const tenant = tenants[count % tenants.length]
      if (!tenant) return
      const id = await submit(tenant, `Message ${count}`)
      accepted.push(id)
      for (const path of [`/messages/${id}`, '/messages?limit=20', '/tenant-settings/office365-smtp/usage'])
        if (await call(tenant, path)) reads += 1
      await delay(PAUSE_MS)
    }
  }

  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
  return {
    accepted,
    failures,
    get reads() {
      return reads
    },
    async stop() {
      over.abort()
      await clients
    },
  }
}
