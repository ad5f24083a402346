import { expect, it } from 'vitest'
import { waitForRequests } from './wait-for-requests.ts'

const ON_THE_WIRE = { tenantId: 'ten_1', settingsVersion: 1, requests: 1 }

it('counts what a slow database takes among its ten seconds', async () => {
  let nowMs = 0
  const looks: number[] = []
  const slow = {
    async isOnTheWire() {
      looks.push(nowMs)
      nowMs += 4_000
      return true
    },
  }

  await waitForRequests(slow, ON_THE_WIRE, () => nowMs)

  expect(looks).toEqual([0, 4_000, 8_000])
})
