import { expect } from 'vitest'
import type { DeliverySizes } from '../delivery/attempt.ts'
import { mailsIn } from './mailbox.ts'
import { createTestClock, HOURS } from './test-clock.ts'
import { createTimeLimit } from '../../../../packages/m365/src/test-support/time-limit.ts'
import { createTestFixture, type TestFixture, type TestProduct } from './test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from './test-service.ts'

/** No test has to wait long for what the worker does between its claims. */
export const LOOK_EVERY_MS = 200
const LONGEST_PAUSE_MS = 2 * HOURS // longer than any pause in the tests

/** A product with Ada's mailbox connected, and a clock that only moves when a test advances it. */
export interface DeliveryFixture extends TestFixture {
  readonly clock: { readonly now: () => Date }
  readonly product: TestProduct
  readonly service: ServiceClient
  /** Activates a scenario of the simulator, by name or by effect. `skip`: how many requests pass before it applies. */
  switchOn(scenario: string | object, times?: number | 'always', skip?: number): Promise<void>
  /** Deactivates all scenarios and lets waiting messages leave, so that tests do not affect each other. */
  calm(): Promise<void>
  /** Waits until the scenarios were met, and ends the time of the requests that Microsoft leaves without an answer. */
  timeOut(): Promise<void>
  /** Advances the clock, and wakes the workers. */
  pass(ms: number): Promise<void>
  /** Counts the mails with this subject that Max received. */
  arrived(subject: string): Promise<number>
  /** The times of requests to an endpoint of Graph or Entra, in ms since `since`. */
  requestTimes(endpoint: string, since: Date): Promise<number[]>
}

export async function createDeliveryFixture({
  environment = {},
  fromEmail = 'ada@contoso.com',
  deliverySizes,
  mailbox = 'may be sent from',
  tickMs = 0,
}: {
  environment?: Record<string, string>
  fromEmail?: string
  deliverySizes?: DeliverySizes
  /** What the grant permits. */
  mailbox?: 'may be sent from' | 'may be read' | 'can be searched'
  tickMs?: number
} = {}): Promise<DeliveryFixture> {
  const clock = createTestClock({ tickMs })
  const fixture = await createTestFixture({ clock })
  const timeLimit = createTimeLimit()
  const product = await fixture.startProduct({
    wrapFetch: timeLimit.wrapFetch,
    environment: { MAILBOX_MESSAGES_PER_MINUTE: '0', ...environment },
    deliveryLookEveryMs: LOOK_EVERY_MS,
    ...(deliverySizes && { deliverySizes }),
  })
  const admin = await connectMailbox(product, { fromEmail, largeAttachments: mailbox !== 'may be sent from' })
  if (mailbox === 'can be searched')
    await fixture.database.query(`UPDATE tenant_settings SET sent_items_search = 'works'`)
  const service = await createServiceClient(product, { admin })
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await fixture.database.wakeWorkers()
  }
  const inStatus = (...statuses: string[]) =>
    fixture.database.query('SELECT id FROM message_states WHERE status = ANY($1)', [statuses])
  return {
    ...fixture,
    clock,
    product,
    service,
    async switchOn(scenario, times = 1, skip = 0) {
      const what = typeof scenario === 'string' ? { name: scenario } : { effect: scenario }
      await fixture.microsoft.control('POST', '/scenarios', { ...what, times, skip })
    },
    async calm() {
      await fixture.microsoft.control('DELETE', '/scenarios')
      await expect.poll(() => inStatus('sending')).toEqual([])
      const left = async () => {
        // Time must not pass while a message is being sent, or its lease would expire.
        if ((await inStatus('sending')).length === 0) await pass(LONGEST_PAUSE_MS)
        return inStatus('queued', 'sending')
      }
      await expect.poll(left, { interval: 50 }).toEqual([])
    },
    async timeOut() {
      const met = async () => (await fixture.microsoft.control('GET', '/scenarios')).active.length === 0
      await expect.poll(met, { interval: 10 }).toBe(true)
      timeLimit.end()
    },
    pass,
    arrived: async (subject) => (await mailsIn(fixture.microsoft, subject)).length,
    async requestTimes(endpoint, since) {
      const { items } = await fixture.microsoft.control('GET', '/log')
      return items
        .filter(
          (entry: { endpoint: string; at: string }) =>
            entry.endpoint === endpoint && Date.parse(entry.at) >= since.getTime(),
        )
        .map((entry: { at: string }) => Date.parse(entry.at) - since.getTime())
    },
  }
}

/** Makes an effect for `switchOn`: Graph answers with an error. */
export function graphAnswers(status: number, code: string, headers: Record<string, string> = {}): object {
  const body = { error: { code, message: `This is ${code}.` } }
  return { kind: 'http', endpoint: 'any-send', do: { action: 'answer', status, headers, body } }
}
