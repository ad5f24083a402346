import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Some four times as much lies in buffers by then. */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024

type CollectGarbage = (options: { type: 'minor' }) => void

let collectGarbage: CollectGarbage | null = null
let passedBytes = 0

/**
 * Counts content on its way through the process, and from time to time has its remains collected. To V8 a buffer is a
 * few bytes: left to itself it lets a hundred megabytes of them lie before it looks. While they are young, looking
 * takes less than a millisecond.
 */
export function passContent(bytes: number): void {
  passedBytes += bytes
  if (passedBytes < COLLECT_AFTER_BYTES) return
  passedBytes = 0
  collectGarbage ??= exposeCollection()
  collectGarbage({ type: 'minor' })
}

/** Without a flag at the start, which whoever starts the process would have to know. */
function exposeCollection(): CollectGarbage {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as CollectGarbage
}
