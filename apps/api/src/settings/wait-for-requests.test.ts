import { expect, it } from 'vitest'
import { waitForRequests } from './wait-for-requests.ts'

it('counts the time of a slow database among its ten seconds', async () => {
  let nowMs = 0
  const looks: number[] = []
  const slow = {
    async isOnTheWire() {
      looks.push(nowMs)
      nowMs += 4_000
      return true
    },
  }

  await waitForRequests(slow, { tenantId: 'ten_1', settingsVersion: 1, requests: 1 }, () => nowMs)

  expect(looks).toEqual([0, 4_000, 8_000])
})
