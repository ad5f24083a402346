const LEAST_BYTES = 16 * 1024

/**
 * Joins small pieces of a mail. smtp-server delivers one for each line that begins with a dot, and each would take many
 * times its bytes of memory.
 */
export async function* joinPieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  /** The only piece so far, or `joined`. */
  let held: Buffer | null = null
  let joined: Buffer | null = null
  let length = 0
  for await (const piece of source) {
    if (held !== null && length + piece.length > LEAST_BYTES) {
      yield held.subarray(0, length)
      held = joined = null
      length = 0
    }
    if (piece.length > LEAST_BYTES) yield piece
    else if (held === null) {
      held = piece
      length = piece.length
    } else {
      if (joined === null) {
        joined = Buffer.allocUnsafe(LEAST_BYTES)
        held.copy(joined)
        held = joined
      }
      length += piece.copy(joined, length)
    }
  }
  if (held !== null) yield held.subarray(0, length)
}
