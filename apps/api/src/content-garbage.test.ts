import { expect, test } from 'vitest'
import { passContent, passMail } from './content-garbage.ts'

const MB = 1024 * 1024
const PIECE_BYTES = 64 * 1024
/** Each major collection goes over all that the tests before have left, so that there should be few. */
const PASSED_BYTES = 64 * MB
/** A piece lives while so many more arrive, and so outlives several minor collections. */
const IN_FLIGHT_BYTES = 8 * MB

test.for([
  { content: 'content', pass: passContent, mostBytes: 44 * MB },
  { content: 'a large mail', pass: passMail, mostBytes: 32 * MB },
])('Pieces of $content that outlive minor collections do not accumulate', ({ pass, mostBytes }) => {
  const inFlight: Buffer[] = []
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let passed = 0; passed < PASSED_BYTES; passed += PIECE_BYTES) {
    inFlight[(passed / PIECE_BYTES) % (IN_FLIGHT_BYTES / PIECE_BYTES)] = Buffer.allocUnsafeSlow(PIECE_BYTES)
    pass(PIECE_BYTES)
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(most).toBeLessThan(mostBytes)
})
