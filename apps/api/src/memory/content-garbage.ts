import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const MB = 1024 * 1024

type CollectGarbage = (options: { type: 'minor' | 'major' }) => void

interface Limits {
  readonly minorAfter: number
  readonly promotedBytes: number
}

let exposed: CollectGarbage | null = null
/** The fewest bytes in buffers that were seen since the last major collection. */
let keptBytes = Infinity
/** Dead buffers that occupy less than this are not worth a major collection. */
let allowedBytes = 0

/**
 * Lets more accumulate in a process that holds much besides the product, such as one of tests: a major collection goes over
 * all of it.
 */
export function allowGarbage(bytes: number): void {
  allowedBytes = bytes
}

/**
 * Counts content that passes through the process, and triggers a minor garbage collection from time to time. V8 sees only
 * the few bytes of a Buffer object, so it would let a hundred megabytes of buffers accumulate. While they are young,
 * collecting them takes less than a millisecond. Up to three times as many bytes lie in dead buffers by then, since pg and
 * sockets make copies, which `freeBuffer` cannot reach.
 *
 * Some buffers survive minor collections because they are in flight. A major collection takes 50 ms, so it waits until
 * they occupy enough to be worth it.
 */
export const passContent = countBytes({ minorAfter: 2 * MB, promotedBytes: 16 * MB })

/**
 * Does the same for a large mail by SMTP. Its pieces pass through streams and iterators that outlive minor collections,
 * and so do dead pieces that those refer to: V8 would let 35 MB of them accumulate. They are looked at more often, so that
 * they exceed their limit by little before that is noticed.
 */
export const passMail = countBytes({ minorAfter: 2 * MB, promotedBytes: 6 * MB })

/** Returns a counter of bytes, which collects after each `minorAfter`, and all garbage once `promotedBytes` outlived that. */
function countBytes({ minorAfter, promotedBytes }: Limits): (bytes: number) => void {
  let passedBytes = 0
  return (bytes) => {
    passedBytes += bytes
    if (passedBytes < minorAfter) return
    passedBytes = 0
    collectGarbage('minor')
    const heldBytes = bufferBytes()
    keptBytes = Math.min(keptBytes, heldBytes)
    if (heldBytes < keptBytes + Math.max(promotedBytes, allowedBytes)) return
    collectGarbage('major')
    keptBytes = bufferBytes()
  }
}

function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers
}

function collectGarbage(type: 'minor' | 'major'): void {
  exposed ??= exposeCollection()
  exposed({ type })
}

/** Enables gc() at run time, so that the process needs no flag. */
function exposeCollection(): CollectGarbage {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as CollectGarbage
}
