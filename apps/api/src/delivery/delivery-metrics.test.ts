import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { createDeliveryMetrics, MAX_IN_FLIGHT } from './delivery-metrics.ts'

it('shows whether the process sends, and how many messages, of how many', async () => {
  const registry = new Registry()
  let inFlight = 0
  let isAway = false
  createDeliveryMetrics(registry, {
    queueDepth: async () => [],
    failures: async () => [],
    process: 'here',
    isOwner: () => true,
    epoch: async () => (isAway ? Promise.reject(new Error('away')) : 3),
    inFlight: () => inFlight,
    memoryBytes: () => 0,
  })

  expect(await registry.metrics()).toContain('inforiver_mail_deliveries_in_flight 0\n')
  inFlight = 2
  const text = await registry.metrics()
  expect(text).toContain('inforiver_mail_mailbox_owner{process="here"} 1\n')
  expect(text).toContain('inforiver_mail_mailbox_epoch 3\n')
  expect(text).toContain('inforiver_mail_deliveries_in_flight 2\n')
  expect(text).toContain(`inforiver_mail_deliveries_in_flight_limit ${MAX_IN_FLIGHT}\n`)
  isAway = true // the database: an epoch of 0 would mean that nobody has ever owned the mailbox
  expect(await registry.metrics()).not.toMatch(/^inforiver_mail_mailbox_epoch/m)
})

it('shows 0 where no message waits, and no count while the database is away, since 0 would mean that there are none', async () => {
  const registry = new Registry()
  const answers = [
    async () => [
      { status: 'held', count: 3, oldestSeconds: 0 },
      { status: 'queued', count: 2, oldestSeconds: 60 },
    ],
    () => Promise.reject(new Error('away')),
    async () => [],
  ]
  createDeliveryMetrics(registry, {
    queueDepth: async () => answers.shift()?.() ?? [],
    failures: async () => [],
    process: 'here',
    isOwner: () => true,
    epoch: async () => 3,
    inFlight: () => 0,
    memoryBytes: () => 0,
  })
  const scrape = async () =>
    Object.fromEntries(
      [...(await registry.metrics()).matchAll(/^inforiver_mail_((?:held|scheduled)_messages|queue_.*) (\d+)$/gm)].map(
        ([, sample, value]) => [sample, Number(value)],
      ),
    )

  const none = {
    'queue_depth{status="queued"}': 0,
    'queue_depth{status="sending"}': 0,
    'queue_oldest_seconds{status="queued"}': 0,
    'queue_oldest_seconds{status="sending"}': 0,
    scheduled_messages: 0,
    held_messages: 0,
  }

  expect(await scrape()).toEqual({
    ...none,
    'queue_depth{status="queued"}': 2,
    'queue_oldest_seconds{status="queued"}': 60,
    held_messages: 3,
  })
  expect(await scrape()).toEqual({})
  expect(await scrape()).toEqual(none)
})
