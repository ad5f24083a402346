import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { createDeliveryMetrics } from './delivery-metrics.ts'
import { createInFlight, MAX_IN_FLIGHT } from './in-flight.ts'

it('shows how many messages the process is sending, of how many', async () => {
  const registry = new Registry()
  const inFlight = createInFlight()
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
