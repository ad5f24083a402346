import { expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { waitForRequests } from './settings-store.ts'

it('waits ten seconds at most for a request that stays on the wire, the time of a slow database included', async () => {
  let nowMs = 0
  const looks: number[] = []
  const slow = {
    async isOnTheWire() {
      looks.push(nowMs)
      nowMs += 4_000
      return true
    },
  }

  await waitForRequests(
    slow,
    { tenantId: 'ten_1', settingsVersion: 1, requests: 1 },
    {
      ...systemTimers,
      elapsedMs: () => nowMs,
    },
  )

  expect(looks).toEqual([0, 4_000, 8_000])
})
