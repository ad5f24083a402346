import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SECONDS } from '../test-support/test-clock.ts'
import { LEASE_MS } from '../queue/claim.ts'
import type { LeasedMessage } from '../queue/leased-message.ts'
import { systemTimers } from '../runtime/clock.ts'
import { createLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts'

let elapsedMs: number
let keeper: LeaseKeeper
/** The ids of each renewal. */
let renewals: string[][]
let lost: Set<string>
let databaseIsAway: boolean

beforeEach(() => {
  vi.useFakeTimers()
  elapsedMs = 0
  renewals = []
  lost = new Set()
  databaseIsAway = false
  keeper = createLeaseKeeper({
    deliveries: {
      async renew(messages) {
        if (databaseIsAway) throw new Error('The database is away.')
        const ids = messages.map(({ id }) => id)
        renewals.push(ids)
        return new Set(ids.filter((id) => !lost.has(id)))
      },
    },
    elapsedMs: () => elapsedMs,
    timers: systemTimers,
    logger: pino({ level: 'silent' }),
  })
})
afterEach(() => {
  keeper.stop()
  vi.useRealTimers()
})

function hold(id: string): AbortSignal {
  const message = { id, leaseOwner: `owner of ${id}` } as LeasedMessage
  return keeper.hold(message, elapsedMs)
}

/** Lets the timer fire each second. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    elapsedMs += 1 * SECONDS
    await vi.advanceTimersByTimeAsync(1 * SECONDS)
  }
}

it('renews a lease before it runs out, as often as it takes', async () => {
  const signal = hold('slow')

  await pass(300)

  expect(signal.aborted).toBe(false)
  expect(renewals.length).toBeGreaterThan(5)
  for (const ids of renewals) expect(ids).toEqual(['slow'])
})

it('breaks off an old attempt of a message that was claimed again, and keeps holding the message', async () => {
  const old = { id: 'again', leaseOwner: 'old' } as LeasedMessage
  const oldSignal = keeper.hold(old, elapsedMs)
  const signal = keeper.hold({ ...old, leaseOwner: 'new' }, elapsedMs)
  expect(oldSignal.aborted).toBe(true) // or the process could not stop before the request of that attempt times out
  keeper.release(old)

  await pass(60)

  expect(renewals.length).toBeGreaterThan(0)
  expect(signal.aborted).toBe(false)
})

it('does not renew the lease of an attempt that ends quickly', async () => {
  const signal = hold('quick')
  await pass(10)
  keeper.release({ id: 'quick', leaseOwner: 'owner of quick' } as LeasedMessage)

  await pass(300)

  expect(renewals).toEqual([])
  expect(signal.aborted).toBe(false)
})

it('breaks off an attempt whose message another worker has taken', async () => {
  const [taken, kept] = [hold('taken'), hold('kept')]
  lost.add('taken')

  await pass(60)

  expect(taken.aborted).toBe(true)
  expect(kept.aborted).toBe(false)
})

it('breaks off before a lease runs out that cannot be renewed', async () => {
  const signal = hold('unlucky')
  databaseIsAway = true

  await pass(LEASE_MS / SECONDS - 6)
  expect(signal.aborted).toBe(false)

  await pass(2)
  expect(signal.aborted).toBe(true)
})

it('continues when the database is back in time', async () => {
  const signal = hold('lucky')
  databaseIsAway = true
  await pass(30)
  databaseIsAway = false

  await pass(60)

  expect(signal.aborted).toBe(false)
})

it('breaks off at once when the process was suspended until the lease had run out', async () => {
  const signal = hold('frozen')

  elapsedMs += LEASE_MS
  await vi.advanceTimersByTimeAsync(1 * SECONDS)

  expect(signal.aborted).toBe(true)
  expect(renewals).toEqual([])
})
