import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { createDeliveryMetrics } from './delivery-metrics.ts'
import { createInFlight, MAX_IN_FLIGHT } from './in-flight.ts'

it('shows how many messages the process is sending, of how many', async () => {
  const registry = new Registry()
  const inFlight = createInFlight(() => 0)
  createDeliveryMetrics(registry, {
    queueDepth: async () => [],
    failures: async () => [],
    inFlight: () => inFlight.count(),
    memoryBytes: () => 0,
  })

  expect(await registry.metrics()).toContain('inforiver_mail_deliveries_in_flight 0\n')
  inFlight.begin()
  inFlight.begin()
  const text = await registry.metrics()
  expect(text).toContain('inforiver_mail_deliveries_in_flight 2\n')
  expect(text).toContain(`inforiver_mail_deliveries_in_flight_limit ${MAX_IN_FLIGHT}\n`)
})

it('shows no count of messages while the database is away, since none would mean that there are none', async () => {
  const registry = new Registry()
  const answers = [
    async () => [{ status: 'held' as const, count: 3, oldestSeconds: 60 }],
    () => Promise.reject(new Error('away')),
    async () => [],
  ]
  createDeliveryMetrics(registry, {
    queueDepth: async () => answers.shift()?.() ?? [],
    failures: async () => [],
    inFlight: () => 0,
    memoryBytes: () => 0,
  })
  const scrape = async () =>
    (await registry.metrics()).split('\n').filter((line) => /^inforiver_mail_(held|scheduled)_messages /.test(line))

  expect(await scrape()).toEqual(['inforiver_mail_scheduled_messages 0', 'inforiver_mail_held_messages 3'])
  expect(await scrape()).toEqual([])
  expect(await scrape()).toEqual(['inforiver_mail_scheduled_messages 0', 'inforiver_mail_held_messages 0'])
})
