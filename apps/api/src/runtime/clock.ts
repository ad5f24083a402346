import type { RandomBytes } from '@inforiver-mail/m365/random'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { NewId } from './ids.ts'

/**
 * Where the product takes the time of day from; postgres-server.ts reads it itself. The queue uses the clock of the database
 * instead.
 */
export function systemClock(): Date {
  return new Date()
}

/** Returns the milliseconds since the process started, by a monotonic clock. */
export function elapsedMs(): number {
  return performance.now()
}

/** What a process waits by: a monotonic clock, so that setting the time neither shortens nor lengthens a wait. */
export interface Timers {
  /** Returns milliseconds since some moment. */
  readonly elapsedMs: () => number
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Calls once, and returns what cancels that. */
  readonly after: (ms: number, call: () => void) => Cancel
  /** Calls again and again, and returns what ends that. */
  readonly every: (ms: number, call: () => void) => Cancel
  /** Returns a signal that aborts with a `TimeoutError`. */
  readonly deadline: (ms: number) => AbortSignal
  /** Lets what has arrived in sockets be handled first. */
  readonly nextTurn: () => Promise<void>
}

export type Cancel = () => void

/** Time, chance and ids, as a process has them. */
export interface Runtime {
  readonly clock: () => Date
  readonly timers: Timers
  /** The monotonic clock. */
  readonly elapsedMs: () => number
  /** Returns a number between 0 and 1, for jitter. */
  readonly chance: () => number
  readonly random: RandomBytes
  readonly newId: NewId
}

export const systemTimers: Timers = {
  elapsedMs,
  sleep: (ms, signal) => delay(ms, undefined, signal && { signal }),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
  every(ms, call) {
    const timer = setInterval(call, ms)
    return () => clearInterval(timer)
  },
  deadline: (ms) => AbortSignal.timeout(ms),
  nextTurn: () => nextTurn(),
}
