import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** About four times as many bytes lie in dead buffers by then. */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024

type CollectGarbage = (options: { type: 'minor' }) => void

let collectGarbage: CollectGarbage | null = null
let passedBytes = 0

/**
 * Counts content that passes through the process, and triggers a minor garbage collection from time to time. V8 sees only
 * the few bytes of a Buffer object, so it would let a hundred megabytes of buffers accumulate. While they are young,
 * collecting them takes less than a millisecond.
 */
export function passContent(bytes: number): void {
  passedBytes += bytes
  if (passedBytes < COLLECT_AFTER_BYTES) return
  passedBytes = 0
  collectGarbage ??= exposeCollection()
  collectGarbage({ type: 'minor' })
}

/** Enables gc() at run time, so that nobody has to start the process with a flag. */
function exposeCollection(): CollectGarbage {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as CollectGarbage
}
