import type { Timers } from './clock.ts'

export type Polling = ReturnType<typeof startPolling>

/** Waits until `wake` is called. */
export const UNTIL_WOKEN = Number.POSITIVE_INFINITY
/** Ends the loop. */
export const DONE = null

/**
 * Runs `step` in a loop until stopped. A step returns the ms to wait before the next one, `UNTIL_WOKEN` or `DONE`. When
 * it throws, `onFailure` is called, and the next step follows after `afterFailureMs`.
 *
 * @param step receives a signal that is aborted when the loop is stopped
 */
export function startPolling(
  step: (stopping: AbortSignal) => Promise<number | typeof DONE>,
  {
    timers,
    afterFailureMs,
    onFailure,
  }: { timers: Pick<Timers, 'after'>; afterFailureMs: number; onFailure: (error: unknown) => void },
) {
  const stopping = new AbortController()
  let wakeUp = Promise.withResolvers<void>()
  const ended = Promise.resolve().then(run) // so that the first step finds what this function returns
  return {
    /** Ends the wait before the next step. A call during a step counts for the wait after it. */
    wake: (): void => wakeUp.resolve(),
    /** Lets the current step finish, and ends the loop. */
    async stop(): Promise<void> {
      stopping.abort()
      wakeUp.resolve()
      await ended
    },
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wakeUp = Promise.withResolvers<void>()
      const waitMs = await take()
      if (waitMs === DONE) return
      if (waitMs > 0 && !stopping.signal.aborted) await sleep(waitMs)
    }
  }

  async function take(): Promise<number | typeof DONE> {
    try {
      return await step(stopping.signal)
    } catch (error) {
      onFailure(error)
      return afterFailureMs
    }
  }

  async function sleep(ms: number): Promise<void> {
    if (ms === UNTIL_WOKEN) return wakeUp.promise
    const cancel = timers.after(ms, wakeUp.resolve)
    await wakeUp.promise
    cancel()
  }
}

/** Checks a condition every `everyMs` until it holds. Returns false when it does not within `withinMs`. */
export async function waitUntil(
  holds: () => Promise<boolean>,
  {
    everyMs,
    withinMs,
    timers: { elapsedMs, sleep },
    signal,
  }: {
    everyMs: number
    withinMs: number
    timers: Pick<Timers, 'elapsedMs' | 'sleep'>
    signal?: AbortSignal | undefined
  },
): Promise<boolean> {
  const startedAt = elapsedMs()
  while (!(await holds())) {
    if (elapsedMs() - startedAt >= withinMs) return false
    await sleep(everyMs, signal)
  }
  return true
}
