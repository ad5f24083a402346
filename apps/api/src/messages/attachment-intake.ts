import { createHash } from 'node:crypto'
import {
  CHUNK_BYTES,
  CONTENT_OVERHEAD_BYTES,
  createContentCipher,
  type ContentCipher,
} from '@inforiver-mail/m365/content-cipher'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { ContentKeys } from '../vault/content-keys.ts'
import type { AttachmentSink, IntakeMemory } from '../domain/arriving-message.ts'
import type { Admission } from './admission.ts'
import type { NewId } from '../runtime/ids.ts'
import type { GiveBack } from '../memory/byte-budget.ts'
import { KEPT_ATTACHMENT_BYTES, memoryFor, SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import type { Receiving } from '../queue/queue.ts'
import { arrivedTooSlowly, storageFull } from './refusals.ts'

/** Storage is reserved ahead, so that not every chunk takes a statement: as much as has arrived, within these bounds. */
const RESERVED_AHEAD_BYTES = { least: 1024 * 1024, most: 16 * 1024 * 1024 }

/** A part `attachment` of a multipart request. */
export interface ReceivedPart {
  readonly filename: string | null
  readonly contentType: string | null
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
  /** Null when it is stored in chunks under the number of the part, or not needed. */
  readonly content: Buffer | null
}

/** The row that chunks are stored under until the message is complete. */
export interface ReceivingMessage {
  readonly id: string
  readonly contentKey: string
  readonly dataKey: string
  /** The bytes of all its chunks, as they are stored. */
  readonly chunkBytes: number
  /** The bytes it counts for in the tenant's storage until it is complete. */
  readonly reservedBytes: number
}

export interface Intake extends AttachmentSink {
  readonly parts: readonly ReceivedPart[]
  /** Null while everything is in memory. */
  receiving(): ReceivingMessage | null
  /** Deletes what is stored of a message that was not completed. */
  end(completed: boolean): Promise<void>
}

export interface IntakeDeps {
  readonly store: Receiving
  readonly contentKeys: ContentKeys
  readonly random: RandomBytes
  readonly newId: NewId
}

/** Receives the attachments of one message. The client waits while they are stored, so memory does not grow with them. */
export function createIntake(
  { store, contentKeys, random, newId }: IntakeDeps,
  admission: Pick<Admission, 'requireArriving'>,
  { tenantId, service, memory }: { tenantId: string; service: string; memory: IntakeMemory },
): Intake {
  const parts: ReceivedPart[] = []
  let receiving: (Omit<ReceivingMessage, 'chunkBytes' | 'reservedBytes'> & { readonly cipher: ContentCipher }) | null =
    null
  let totalBytes = 0
  let reservedBytes = 0
  let giveBack: GiveBack | null = null
  let inMemory = true

  async function add(part: Pick<ReceivedPart, 'filename' | 'contentType'>, file: AsyncIterable<Buffer>): Promise<void> {
    const hash = createHash('sha256')
    const kept: Buffer[] = []
    let sizeBytes = 0
    let writer: ChunkWriter | null = null
    for await (const data of file) {
      sizeBytes += data.length
      totalBytes += data.length
      hash.update(data)
      // The memory of a small message is held with its body.
      if (totalBytes > SMALL_BODY_BYTES) giveBack ??= memory.hold(memoryFor.keptAttachments)
      if (!writer && totalBytes <= KEPT_ATTACHMENT_BYTES) {
        kept.push(data)
        continue
      }
      await admission.requireArriving(sizesWith(sizeBytes))
      receiving ??= await startReceiving()
      await reserve(receiving.id, sealedBytes(sizesWith(sizeBytes)))
      if (inMemory) await storeKept()
      writer ??= await writerOf(parts.length, kept)
      await writer.write(data)
    }
    if (!writer && receiving) {
      await reserve(receiving.id, sealedBytes(sizesWith(sizeBytes)))
      writer = await writerOf(parts.length, kept)
    }
    await writer?.end()
    parts.push({ ...part, sizeBytes, sha256: hash.digest('hex'), content: writer ? null : Buffer.concat(kept) })
  }

  /** Returns the sizes of all parts, the arriving one included. */
  function sizesWith(sizeBytes: number): number[] {
    return [...parts.map((part) => part.sizeBytes), sizeBytes]
  }

  /** Counts bytes before they are stored. @throws {ProblemError} when the tenant has no room for them */
  async function reserve(id: string, neededBytes: number): Promise<void> {
    if (neededBytes <= reservedBytes) return
    const { least, most } = RESERVED_AHEAD_BYTES
    const aheadBytes = Math.min(Math.max(least, neededBytes), most)
    const reserved = await store.reserve(id, { neededBytes, wantedBytes: neededBytes + aheadBytes })
    if (reserved === null) throw arrivedTooSlowly()
    if ('full' in reserved) throw storageFull(reserved.full)
    reservedBytes = reserved.reservedBytes
  }

  async function startReceiving(): Promise<NonNullable<typeof receiving>> {
    const id = newId('message')
    const { dataKey, contentKey } = await contentKeys.forNewMessage({ id, tenantId })
    if (!(await store.begin({ id, tenantId, service, dataKey }))) {
      await contentKeys.dataKeyGone(tenantId, dataKey)
      return startReceiving()
    }
    return { id, contentKey, dataKey, cipher: createContentCipher(contentKey, random) }
  }

  /** Stores the parts that came before: a message has all of its attachments in chunks, or none. */
  async function storeKept(): Promise<void> {
    inMemory = false
    for (const [number, part] of parts.entries()) {
      const writer = await writerOf(number, part.content ? [part.content] : [])
      await writer.end()
      parts[number] = { ...part, content: null }
    }
    giveBack?.(memoryFor.keptAttachments - memoryFor.chunkedFile)
  }

  async function writerOf(part: number, kept: readonly Buffer[]): Promise<ChunkWriter> {
    if (!receiving) throw new Error('There is no message to store chunks of.')
    const { id: messageId, cipher } = receiving
    const writer = createChunkWriter(memory, async (content, chunk, last) => {
      const place = { tenant: tenantId, message: messageId, part: `attachment-${part}`, chunk, last }
      const stored = await store.writeChunk({ tenantId, messageId, part, chunk }, cipher.seal(content, place))
      if (!stored) throw arrivedTooSlowly()
    })
    for (const data of kept) await writer.write(data)
    return writer
  }

  return {
    add,
    parts,
    receiving: () =>
      receiving && { ...receiving, chunkBytes: sealedBytes(parts.map((part) => part.sizeBytes)), reservedBytes },
    async end(completed) {
      if (receiving && !completed) await store.discard(receiving.id)
    },
  }
}

/** Reads the attachments of a message that is stored already, for their sizes and hashes only. */
export function createHashingIntake(): Pick<Intake, 'add' | 'parts'> {
  const parts: ReceivedPart[] = []
  return {
    parts,
    async add(part, file) {
      const hash = createHash('sha256')
      let sizeBytes = 0
      for await (const data of file) {
        sizeBytes += data.length
        hash.update(data)
      }
      parts.push({ ...part, sizeBytes, sha256: hash.digest('hex'), content: null })
    },
  }
}

/** Bytes that attachments of these sizes occupy as sealed chunks; an empty one has one chunk. */
function sealedBytes(sizes: readonly number[]): number {
  return sizes.reduce(
    (sum, bytes) => sum + bytes + Math.max(1, Math.ceil(bytes / CHUNK_BYTES)) * CONTENT_OVERHEAD_BYTES,
    0,
  )
}

type ChunkWriter = ReturnType<typeof createChunkWriter>

/**
 * Cuts a file into chunks. One fills while the one before is being stored; which is the last is known only at the end.
 * Memory is held for the chunk that fills, and for storing one only while it is stored.
 */
function createChunkWriter(
  memory: IntakeMemory,
  store: (content: Buffer, chunk: number, last: boolean) => Promise<void>,
) {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let filled = 0
  let count = 0
  let storing: Promise<void> = Promise.resolve()

  async function flush(last: boolean): Promise<void> {
    await storing
    const giveBack = await memory.holdForStoring(memoryFor.storedChunk)
    storing = store(chunk.subarray(0, filled), count, last).finally(giveBack) // copies the chunk, by sealing it, before it returns
    storing.catch(() => {}) // it is awaited later: before the next chunk, or at the end
    count += 1
    filled = 0
  }

  return {
    async write(data: Buffer): Promise<void> {
      for (let from = 0; from < data.length;) {
        if (filled === CHUNK_BYTES) await flush(false)
        const taken = data.copy(chunk, filled, from)
        filled += taken
        from += taken
      }
    },
    async end(): Promise<void> {
      await flush(true)
      await storing
    },
  }
}
