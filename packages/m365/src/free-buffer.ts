/** A smaller buffer costs more to free than the garbage collector would take for it. */
const LEAST_BYTES = 64 * 1024

/**
 * Frees the memory of a buffer at once, and leaves it empty. The garbage collector sees only the few bytes of the object,
 * and would let a hundred megabytes of them accumulate. Nobody may use the buffer any more, and nothing may still be written
 * to a socket or a file from it. Leaves alone what shares its memory with other buffers, and what is below 64 KiB.
 */
export function freeBuffer({ buffer, length }: Buffer): void {
  if (length >= LEAST_BYTES && length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
