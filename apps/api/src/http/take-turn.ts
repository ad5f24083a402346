import { setImmediate as nextRound } from 'node:timers/promises'

/** A request like /healthz takes about three: it is accepted, read and answered. */
const ROUNDS_BETWEEN = 4

let last: Promise<void> = Promise.resolve()

/**
 * Waits for the turn of something that keeps the whole process busy for a while. The event loop goes round a few times
 * between two turns, so that many of them at once delay everything else by one of them only.
 */
export function takeTurn(): Promise<void> {
  last = last.then(letOthersGo)
  return last
}

async function letOthersGo(): Promise<void> {
  for (let round = 0; round < ROUNDS_BETWEEN; round++) await nextRound()
}
