import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { useDatabaseAt } from '../test-support/test-database.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'
import { newId } from '../test-support/new-id.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createQueueWatch } from './queue-watch.ts'

const NO_LIMITS = { recipientsPerDay: 0 }

const fixture = useDeliveryFixture({ environment: { ROLE: 'api' } })
const database = useDatabaseAt(() => fixture.database.url)
let store: AlertStore

beforeAll(() => {
  store = createAlertStore(database.prisma, newId)
})
beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.database.empty('alert_events', 'messages', 'mailbox_usage')
  await connectMailbox(fixture.product)
  await fixture.pass(2 * HOURS) // the access token has run out
})

async function startWorker(environment: Record<string, string> = {}): Promise<TestProduct> {
  const worker = await fixture.startProduct({
    environment: { ROLE: 'worker', MAILBOX_MESSAGES_PER_MINUTE: '0', ...environment },
    clock: fixture.clock.now,
  })
  onTestFinished(() => worker.close())
  return worker
}

async function submit(count: number): Promise<string[]> {
  const messages = await Promise.all(Array.from({ length: count }, () => fixture.service.submit()))
  return messages.map(({ id }) => id)
}

/** Waits until the workers have tried whatever may be tried now. */
async function tried(): Promise<void> {
  const left = () =>
    fixture.database.query(
      `SELECT m.id FROM message_states m LEFT JOIN mailboxes b ON b.tenant_id = m.tenant_id
        WHERE m.status = 'sending'
           OR (m.status = 'queued' AND m.next_attempt_at <= $1 AND coalesce(greatest(b.paused_until, b.no_access_until) <= $1, true))`,
      [fixture.clock.now()],
    )
  await expect.poll(left, { interval: 15 }).toEqual([])
}

/** Lets time pass in steps, and watches the queues after each. */
async function watchFor(ms: number, watch: () => Promise<void>, stepMs = 5 * MINUTES): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await fixture.pass(stepMs)
    await tried()
    await watch()
  }
}

function newWatch({ recipientsPerDay } = NO_LIMITS): () => Promise<void> {
  return createQueueWatch({
    queue: createTestQueue(database.pool).upkeep,
    store,
    recipientsPerDay,
    databaseNow: async () => fixture.clock.now(),
    elapsedMs: () => fixture.clock.now().getTime(),
  })
}

const raised = () =>
  fixture.database.query<{ count: number; facts: { oldestDueAt: string }; dismissed: boolean }>(
    `SELECT count, facts, dismissed_at IS NOT NULL AS dismissed FROM alert_events WHERE type = 'queue.stalled' ORDER BY at`,
  )

describe('while Microsoft takes nothing', () => {
  it('dismisses the notice once messages leave, and raises another for the next standstill', async () => {
    await startWorker()
    const watch = newWatch()
    await fixture.switchOn('send-503', 'always')
    await submit(2)
    await tried()
    await watchFor(30 * MINUTES, watch)

    await fixture.microsoft.control('DELETE', '/scenarios')
    await watchFor(20 * MINUTES, watch)
    expect(await raised()).toMatchObject([{ count: 2, dismissed: true }])

    await fixture.switchOn('send-503', 'always')
    await submit(1)
    await tried()
    await watchFor(30 * MINUTES, watch)
    expect(await raised()).toMatchObject([
      { count: 2, dismissed: true },
      { count: 1, dismissed: false },
    ])
  })
})

it('raises none when no process ran and mail leaves after the restart', async () => {
  const before = await startWorker()
  await fixture.switchOn('send-503', 'always')
  await submit(3)
  await tried()
  await before.close()
  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.pass(6 * HOURS)

  const watch = newWatch()
  await watch()
  await startWorker()
  await tried()
  await watchFor(1 * HOURS, watch)

  expect(await raised()).toEqual([])
})
