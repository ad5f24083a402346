import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** About four times as many bytes lie in dead buffers by then. */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024
/** The same for a large mail. It is less, so that dead buffers exceed PROMOTED_BYTES by little before that is noticed. */
const COLLECT_MAIL_AFTER_BYTES = 2 * 1024 * 1024
/** So much may lie in dead buffers that outlived minor collections. */
const PROMOTED_BYTES = 6 * 1024 * 1024

type CollectGarbage = (options: { type: 'minor' | 'major' }) => void

let exposed: CollectGarbage | null = null
/** The fewest bytes in buffers that were seen since the last major collection. */
let keptBytes = Infinity

/**
 * Counts content that passes through the process, and triggers a minor garbage collection from time to time. V8 sees only
 * the few bytes of a Buffer object, so it would let a hundred megabytes of buffers accumulate. While they are young,
 * collecting them takes less than a millisecond.
 */
export const passContent = everyBytes(COLLECT_AFTER_BYTES, () => collectGarbage('minor'))

/**
 * Does the same for a large mail by SMTP. Its pieces pass through streams and iterators that outlive minor collections,
 * and so do dead pieces that those refer to: V8 would let 35 MB of them accumulate. A major collection takes 50 ms, so
 * there is none before they occupy as much as it is worth.
 */
export const passMail = everyBytes(COLLECT_MAIL_AFTER_BYTES, () => {
  collectGarbage('minor')
  const heldBytes = bufferBytes()
  keptBytes = Math.min(keptBytes, heldBytes)
  if (heldBytes < keptBytes + PROMOTED_BYTES) return
  collectGarbage('major')
  keptBytes = bufferBytes()
})

/** Returns a counter of bytes, which calls `collect` each time that so many have passed. */
function everyBytes(limitBytes: number, collect: () => void): (bytes: number) => void {
  let passedBytes = 0
  return (bytes) => {
    passedBytes += bytes
    if (passedBytes < limitBytes) return
    passedBytes = 0
    collect()
  }
}

function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers
}

function collectGarbage(type: 'minor' | 'major'): void {
  exposed ??= exposeCollection()
  exposed({ type })
}

/** Enables gc() at run time, so that nobody has to start the process with a flag. */
function exposeCollection(): CollectGarbage {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as CollectGarbage
}
