// The positions in a block at which a gram occurs: as a list while they are few, else as a bitmap.

/** The most messages of a block. */
export const BLOCK_MESSAGES = 2_048
const BITMAP_BYTES = BLOCK_MESSAGES / 8
const LIST = 0
const BITMAP = 1
const BYTES_OF_LISTED = 2

/** @param positions in ascending order, each below `BLOCK_MESSAGES` */
export function encodePositions(positions: readonly number[]): Buffer {
  if (positions.length * BYTES_OF_LISTED < BITMAP_BYTES) {
    const list = Buffer.alloc(1 + positions.length * BYTES_OF_LISTED)
    list[0] = LIST
    for (const [nth, position] of positions.entries()) list.writeUInt16LE(position, 1 + nth * BYTES_OF_LISTED)
    return list
  }
  const bitmap = Buffer.alloc(1 + BITMAP_BYTES)
  bitmap[0] = BITMAP
  for (const position of positions)
    bitmap[1 + (position >> 3)] = (bitmap[1 + (position >> 3)] ?? 0) | (1 << (position & 7))
  return bitmap
}

/** Returns the positions that all of the postings contain, in ascending order; of no posting at all, every position. */
export function commonPositions(postings: readonly Buffer[], messages: number): number[] {
  const [first] = postings
  if (postings.length === 1 && first?.[0] === LIST) return listedPositions(first)
  const common = new Uint8Array(BITMAP_BYTES).fill(0xff)
  for (const posting of postings) {
    const bits = bitmapOf(posting)
    for (let byte = 0; byte < BITMAP_BYTES; byte++) common[byte] = (common[byte] ?? 0) & (bits[byte] ?? 0)
  }
  const positions: number[] = []
  for (let position = 0; position < messages; position++)
    if (((common[position >> 3] ?? 0) & (1 << (position & 7))) !== 0) positions.push(position)
  return positions
}

/** A bit for each position at which a gram occurs. */
export function bitmapOf(posting: Buffer): Uint8Array {
  if (posting[0] === BITMAP) return posting.subarray(1)
  const bitmap = new Uint8Array(BITMAP_BYTES)
  for (const position of listedPositions(posting))
    bitmap[position >> 3] = (bitmap[position >> 3] ?? 0) | (1 << (position & 7))
  return bitmap
}

function listedPositions(list: Buffer): number[] {
  return Array.from({ length: (list.length - 1) / BYTES_OF_LISTED }, (_, nth) =>
    list.readUInt16LE(1 + nth * BYTES_OF_LISTED),
  )
}

/** The posting of a gram that a block does not have. */
export const NOWHERE = encodePositions([])

export function countBits(bitmap: Uint8Array): number {
  let count = 0
  for (const byte of bitmap) count += BITS[byte] ?? 0
  return count
}

/** How many bits of a byte are set. */
const BITS = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

const LENGTH_BYTES = 4

/** A bitmap of the first positions. */
export function everyPosition(messages: number): Uint8Array {
  return new Uint8Array(BITMAP_BYTES).map((_, byte) => 0xff >> Math.min(8, Math.max(0, 8 * (byte + 1) - messages)))
}

/** SQL for the positions of a column with their length before them, so that several can be joined in one value. */
export function joinable(column: string): string {
  return `int4send(length(${column})) || ${column}`
}

/** Splits what `joinable` joined. */
export function splitPostings(joined: Buffer): Buffer[] {
  const postings: Buffer[] = []
  for (let at = 0; at < joined.length;) {
    const end = at + LENGTH_BYTES + joined.readInt32BE(at)
    postings.push(joined.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return postings
}
