const LEAST_BYTES = 16 * 1024

/**
 * Joins small pieces of a mail. smtp-server delivers one for each line that begins with a dot, and each would take many
 * times its bytes of memory.
 */
export async function* joinPieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let joined = Buffer.allocUnsafe(LEAST_BYTES)
  let length = 0
  for await (const piece of source) {
    if (length + piece.length > LEAST_BYTES) {
      if (length > 0) yield joined.subarray(0, length)
      joined = Buffer.allocUnsafe(LEAST_BYTES)
      length = 0
    }
    if (piece.length > LEAST_BYTES) yield piece
    else length += piece.copy(joined, length)
  }
  if (length > 0) yield joined.subarray(0, length)
}
