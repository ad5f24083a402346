import type { FileHandle } from 'node:fs/promises'
import { Header } from 'tar'
import { MAX_ENTRY_BYTES } from './segments.ts'

// A backup is a tar archive, so that any tar lists and unpacks it. It is read by position, entry by entry.

const BLOCK_BYTES = 512
const PRIVATE = 0o600

export interface Entry {
  readonly name: string
  readonly position: number
  readonly sizeBytes: number
}

/** Why an archive cannot be read to its end. */
export type ContainerFault = 'not an archive' | 'cut off'

export class ContainerError extends Error {
  override readonly name = 'ContainerError'
  readonly fault: ContainerFault

  constructor(fault: ContainerFault) {
    super(fault)
    this.fault = fault
  }
}

/** Formats one entry, padded to whole blocks. */
export function toEntry(name: string, content: Buffer, at: Date): Buffer[] {
  const header = Buffer.alloc(BLOCK_BYTES)
  const needsMore = new Header({ path: name, type: 'File', mode: PRIVATE, size: content.length, mtime: at }).encode(
    header,
    0,
  )
  if (needsMore) throw new Error(`The name ${name} does not fit into an archive.`)
  return [header, content, Buffer.alloc(paddedBytes(content.length) - content.length)]
}

/** What an archive ends with. */
export function endOfContainer(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES)
}

/**
 * Lists the entries of an archive in order, up to its end.
 *
 * @throws {ContainerError} when the end is missing, or something else than an entry comes
 */
export async function* listEntries(file: FileHandle): AsyncGenerator<Entry> {
  const { size: fileBytes } = await file.stat()
  for (let position = 0; ;) {
    const header = parseHeader(await readAt(file, position, BLOCK_BYTES))
    if (header.nullBlock) return
    const { cksumValid, path: name, size: sizeBytes } = header
    if (!cksumValid || name === undefined || sizeBytes === undefined || sizeBytes < 0 || sizeBytes > MAX_ENTRY_BYTES)
      throw new ContainerError('not an archive')
    position += BLOCK_BYTES
    if (position + paddedBytes(sizeBytes) > fileBytes) throw new ContainerError('cut off')
    yield { name, position, sizeBytes }
    position += paddedBytes(sizeBytes)
  }
}

/** @throws {ContainerError} when the file ends before */
export async function readEntry(file: FileHandle, { position, sizeBytes }: Entry): Promise<Buffer> {
  return readAt(file, position, sizeBytes)
}

/** The parser throws at numbers that it cannot read. */
function parseHeader(block: Buffer): Header {
  try {
    return new Header(block)
  } catch {
    throw new ContainerError('not an archive')
  }
}

async function readAt(file: FileHandle, position: number, sizeBytes: number): Promise<Buffer> {
  const content = Buffer.alloc(sizeBytes)
  for (let done = 0; done < sizeBytes;) {
    const { bytesRead } = await file.read(content, done, sizeBytes - done, position + done)
    if (bytesRead === 0) throw new ContainerError('cut off')
    done += bytesRead
  }
  return content
}

function paddedBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES
}
