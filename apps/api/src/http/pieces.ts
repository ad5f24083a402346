/** A reader has to take as much within the time that it has (unread-responses.ts). */
export const PIECE_BYTES = 64 * 1024

/** Cuts what is sent into pieces, so that none is larger than what a slow reader takes. */
export async function* inPieces(parts: AsyncIterable<string> | Iterable<string | Buffer>): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) yield bytes.subarray(from, from + PIECE_BYTES)
  }
}
