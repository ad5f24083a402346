import { expect, it } from 'vitest'
import { systemTimers } from '../clock.ts'
import { createEventWaiters } from './event-waiters.ts'

const HOUR_MS = 3_600_000

function never(): AbortSignal {
  return new AbortController().signal
}

/** Waiters on a database that a test fills, and how often it was asked. */
function waitersOn(ends: Map<string, number>) {
  let looks = 0
  const waiters = createEventWaiters({
    events: {
      ends: async () => {
        looks += 1
        return ends
      },
    },
    timers: systemTimers,
    onFailure: () => {},
    lookEveryMs: 1,
  })
  return { waiters, looks: () => looks }
}

it('wakes a request when its tenant has an event after its position, and no other', async () => {
  const ends = new Map([['ten_a', 5]])
  const { waiters } = waitersOn(ends)
  const left = new AbortController()
  const other = waiters.wait('ten_b', 5, { ms: HOUR_MS, signal: left.signal })
  const waiting = waiters.wait('ten_a', 5, { ms: HOUR_MS, signal: never() })
  ends.set('ten_a', 6)

  await waiting
  await expect(Promise.race([other, Promise.resolve('waits')])).resolves.toBe('waits')
  left.abort()
  await other
})

it('lets everybody go when it is stopped, and asks nothing while nobody waits', async () => {
  const { waiters, looks } = waitersOn(new Map())
  const waiting = [1, 2].map(() => waiters.wait('ten_a', 0, { ms: HOUR_MS, signal: never() }))
  await expect.poll(looks).toBeGreaterThan(0)
  await waiters.stop()

  await Promise.all(waiting)
  const before = looks()
  await new Promise(setImmediate)
  expect(looks()).toBe(before)
})
