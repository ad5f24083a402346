import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A table or a file is stored in pieces of this size, which bounds the memory of whoever writes or reads it. */
const SEGMENT_BYTES = 4 * 1024 * 1024
/** More than any segment takes, compressed, and than the manifest. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024
/** The lowest: most of a backup is sealed, and the product needs the processor for its mail. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const LINE_FEED = 10

/** What the contents of a table or a file come to. */
export interface Summary {
  readonly segments: number
  readonly bytes: number
  /** The rows of a table, since no value has a line feed of its own in the text format of COPY. */
  readonly lines: number
  readonly sha256: string
}

/** The name of a segment in the archive. */
export function segmentName(stream: string, index: number): string {
  return `${stream}/${String(index).padStart(8, '0')}.zst`
}

/** Adds up what goes through it. */
export function createSumming(): { add(segment: Buffer): void; sum(): Summary } {
  const hash = createHash('sha256')
  let segments = 0
  let bytes = 0
  let lines = 0
  return {
    add(segment) {
      hash.update(segment)
      segments += 1
      bytes += segment.length
      for (let at = segment.indexOf(LINE_FEED); at >= 0; at = segment.indexOf(LINE_FEED, at + 1)) lines += 1
    },
    sum: () => ({ segments, bytes, lines, sha256: hash.digest('hex') }),
  }
}

/**
 * Stores contents as compressed segments. While one is compressed and written, the next is already read.
 *
 * @param add stores an entry of the archive
 */
export async function writeSegments(
  stream: string,
  contents: AsyncIterable<Buffer>,
  add: (name: string, content: Buffer) => Promise<void>,
): Promise<Summary> {
  const summing = createSumming()
  let index = 0
  let writing = Promise.resolve()
  const write = async (segment: Buffer, name: string) => add(name, await compress(segment, COMPRESSION))
  try {
    for await (const segment of inSegments(contents)) {
      summing.add(segment)
      await writing
      writing = write(segment, segmentName(stream, index++))
      writing.catch(() => {}) // it is awaited below, or before the next one
    }
  } finally {
    await writing
  }
  return summing.sum()
}

/** @throws when it is not one */
export async function openSegment(content: Buffer): Promise<Buffer> {
  return decompress(content, { maxOutputLength: SEGMENT_BYTES })
}

async function* inSegments(contents: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  for await (const content of contents) {
    for (let rest = content; rest.length > 0;) {
      const part = rest.subarray(0, SEGMENT_BYTES - bytes)
      parts.push(part)
      bytes += part.length
      rest = rest.subarray(part.length)
      if (bytes < SEGMENT_BYTES) continue
      yield Buffer.concat(parts)
      parts = []
      bytes = 0
    }
  }
  if (bytes > 0) yield Buffer.concat(parts)
}
