import { passContent, passMail } from '../memory/content-garbage.ts'

const MB = 1024 * 1024
const PIECE_BYTES = 64 * 1024
const PASSED_BYTES = 256 * MB
/** A piece lives while so many more arrive, and so outlives several minor collections. */
const IN_FLIGHT_BYTES = 8 * MB

/** Passes pieces of content, or of a large mail, and prints the most bytes that buffers occupied meanwhile. */
const pass = process.argv[2] === 'mail' ? passMail : passContent
const inFlight: Buffer[] = []
const before = process.memoryUsage().arrayBuffers
let most = 0
for (let passed = 0; passed < PASSED_BYTES; passed += PIECE_BYTES) {
  inFlight[(passed / PIECE_BYTES) % (IN_FLIGHT_BYTES / PIECE_BYTES)] = Buffer.allocUnsafeSlow(PIECE_BYTES)
  pass(PIECE_BYTES)
  most = Math.max(most, process.memoryUsage().arrayBuffers - before)
}
console.log(most)
