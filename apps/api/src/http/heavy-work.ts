import { setImmediate as nextRound } from 'node:timers/promises'

/** A short request such as /healthz takes about three rounds of the event loop: it is accepted, read and answered. */
const ROUNDS_BETWEEN = 4

let last: Promise<void> = Promise.resolve()

/**
 * Waits before work that blocks the process for a while. Between two such pieces of work the event loop goes round a few
 * times, so that many at once delay other requests by one of them only.
 */
export function beforeHeavyWork(): Promise<void> {
  last = last.then(letOthersRun)
  return last
}

async function letOthersRun(): Promise<void> {
  for (let round = 0; round < ROUNDS_BETWEEN; round++) await nextRound()
}
