import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { callApi, submitJson, type Answer } from '../../testbed/service.ts'
import type { Tenant } from '../../testbed/tenants.ts'

const CLIENTS = 4
const PAUSE_MS = 60
const TRY_AGAIN_MS = 100
const READS = ['/messages?limit=20', '/tenant-settings/office365-smtp/usage']

/**
 * Submits and reads messages like careful services: each submit has an idempotency key and is repeated, at any process
 * that serves, until it is answered with 202.
 *
 * @param urls of the processes that serve at the moment
 */
export function startTraffic(tenants: readonly Tenant[], urls: () => readonly string[]) {
  const accepted: string[] = []
  const failures: string[] = []
  let reads = 0
  let calls = 0
  const over = new AbortController()

  /** Null when no process answers, or one that is about to stop. */
  async function ask(tenant: Tenant, path: string, init?: RequestInit): Promise<Answer | null> {
    const serving = urls()
    const answer = await callApi(serving[calls++ % serving.length], tenant, path, init)
    if (answer === null || answer.status === 503) return null
    if (answer.status >= 300)
      failures.push(`${answer.status} ${init?.method ?? 'GET'} ${path}: ${JSON.stringify(answer.json).slice(0, 500)}`)
    return answer
  }

  async function submit(tenant: Tenant, subject: string): Promise<string> {
    const init = submitJson({ to: ['someone@example.com'], subject, text: 'Upgrade.' }, randomUUID())
    for (;;) {
      const answer = await ask(tenant, '/messages', init)
      if (answer?.status === 202) return answer.json.id
      await delay(TRY_AGAIN_MS)
    }
  }

  async function client(number: number): Promise<void> {
    for (let count = number; !over.signal.aborted; count += CLIENTS) {
      const tenant = tenants[count % tenants.length]
      if (!tenant) return
      const id = await submit(tenant, `Message ${count}`)
      accepted.push(id)
      for (const path of [`/messages/${id}`, ...READS]) if (await ask(tenant, path)) reads += 1
      await delay(PAUSE_MS)
    }
  }

  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
  return {
    /** The ids of accepted messages. */
    accepted: accepted as readonly string[],
    /** Requests that failed, other than because their process had stopped: the status, the path and the answer. */
    failures: failures as readonly string[],
    reads: () => reads,
    /** Ends when every client has its answer. */
    async stop(): Promise<void> {
      over.abort()
      await clients
    },
  }
}
