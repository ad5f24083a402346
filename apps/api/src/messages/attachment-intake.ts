import { createHash, type Hash } from 'node:crypto'
import {
  CHUNK_BYTES,
  CONTENT_OVERHEAD_BYTES,
  createContentCipher,
  type ContentCipher,
} from '@inforiver-mail/m365/content-cipher'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { ContentKeys } from '../content-keys.ts'
import { ProblemError } from '../http/problem.ts'
import { newId } from '../ids.ts'
import type { BodyMemory } from '../memory/body-memory.ts'
import type { GiveBack } from '../memory/byte-budget.ts'
import { KEPT_ATTACHMENT_BYTES, memoryFor, SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import type { Receiving } from '../queue/queue.ts'
import { refuseFullStorage } from './storage-full.ts'

/** Storage is reserved by this much, so that not every chunk asks for it. */
const RESERVED_AHEAD_BYTES = 1024 * 1024

/** A part `attachment` of a multipart request. */
export interface ReceivedPart {
  readonly filename: string | null
  readonly contentType: string | null
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
  /** Null when it is stored in chunks, as the part of its number, or not needed. */
  readonly content: Buffer | null
}

/** The row that chunks are stored under until the message is complete. */
export interface ReceivingMessage {
  readonly id: string
  readonly contentKey: string
  readonly dataKey: string
  /** Of all its chunks, as they are stored. */
  readonly chunkBytes: number
  /** What it counts for in the tenant's storage until it is complete. */
  readonly reservedBytes: number
}

export interface Intake {
  /** Takes one part while it arrives. @throws {ProblemError} as the limits say. */
  add(part: { filename: string | null; contentType: string | null }, file: AsyncIterable<Buffer>): Promise<void>
  readonly parts: readonly ReceivedPart[]
  /** Null while everything is in memory. */
  readonly receiving: ReceivingMessage | null
  /** Deletes what is stored of a message that was not completed. */
  end(completed: boolean): Promise<void>
}

export interface IntakeParts {
  readonly store: Receiving
  readonly contentKeys: ContentKeys
  readonly random: RandomBytes
}

export type IntakeMemory = Pick<BodyMemory, 'hold' | 'holdForStoring'>

export interface IntakeLimits {
  /** Why a message with attachments of these sizes is refused; null when it is not. */
  refuse(attachmentBytes: readonly number[]): Promise<ProblemError | null>
}

/** Receives the attachments of one message. Memory does not grow with them: the client waits while they are stored. */
export function createIntake(
  { store, contentKeys, random }: IntakeParts,
  limits: IntakeLimits,
  { tenantId, memory }: { tenantId: string; memory: IntakeMemory },
): Intake {
  const parts: ReceivedPart[] = []
  let receiving: (Omit<ReceivingMessage, 'reservedBytes'> & { readonly cipher: ContentCipher }) | null = null
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
      // A small message is held with its body.
      if (totalBytes > SMALL_BODY_BYTES) giveBack ??= await memory.hold(memoryFor.keptAttachments)
      if (!writer && totalBytes <= KEPT_ATTACHMENT_BYTES) {
        kept.push(data)
        continue
      }
      await requireAllowed(sizeBytes)
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
    parts.push({ ...part, sizeBytes, sha256: hex(hash), content: writer ? null : Buffer.concat(kept) })
  }

  /** Of all parts, with the one that is arriving. */
  function sizesWith(sizeBytes: number): number[] {
    return [...parts.map((part) => part.sizeBytes), sizeBytes]
  }

  async function requireAllowed(sizeBytes: number): Promise<void> {
    const refusal = await limits.refuse(sizesWith(sizeBytes))
    if (refusal) throw refusal
  }

  /** Before anything is stored that is not counted yet. @throws {ProblemError} when the tenant has no room for it. */
  async function reserve(id: string, neededBytes: number): Promise<void> {
    if (neededBytes <= reservedBytes) return
    const reserved = await store.reserve(id, { neededBytes, wantedBytes: neededBytes + RESERVED_AHEAD_BYTES })
    if (reserved === null) throw arrivedTooSlowly()
    if ('full' in reserved) throw refuseFullStorage(reserved.full)
    reservedBytes = reserved.reservedBytes
  }

  async function startReceiving(): Promise<NonNullable<typeof receiving>> {
    const id = newId('message')
    const { dataKey, contentKey } = await contentKeys.forNewMessage({ id, tenantId })
    if (!(await store.begin({ id, tenantId, dataKey }))) {
      await contentKeys.dataKeyGone(tenantId, dataKey)
      return startReceiving()
    }
    const cipher = createContentCipher(contentKey, random)
    return {
      id,
      contentKey,
      dataKey,
      cipher,
      get chunkBytes() {
        return sealedBytes(parts.map((part) => part.sizeBytes))
      },
    }
  }

  /** Once something is stored in chunks all of it is, also the parts that came before. */
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
    if (!receiving) throw new Error('Chunks belong to a message.')
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
    get receiving() {
      return receiving && { ...receiving, reservedBytes }
    },
    async end(completed) {
      if (receiving && !completed) await store.discard(receiving.id)
    },
  }
}

/** Takes the attachments of a message that is stored already, for their sizes and hashes only. */
export function createHashingIntake(): Intake {
  const parts: ReceivedPart[] = []
  return {
    parts,
    receiving: null,
    async add(part, file) {
      const hash = createHash('sha256')
      let sizeBytes = 0
      for await (const data of file) {
        sizeBytes += data.length
        hash.update(data)
      }
      parts.push({ ...part, sizeBytes, sha256: hex(hash), content: null })
    },
    async end() {},
  }
}

/** What attachments of these sizes occupy in chunks; an empty one has a chunk as well. */
function sealedBytes(sizes: readonly number[]): number {
  return sizes.reduce(
    (sum, bytes) => sum + bytes + Math.max(1, Math.ceil(bytes / CHUNK_BYTES)) * CONTENT_OVERHEAD_BYTES,
    0,
  )
}

/** It was swept, since nothing of it had arrived for long. */
export function arrivedTooSlowly(): ProblemError {
  return new ProblemError(
    'unavailable',
    'The attachments arrived too slowly: nothing could be stored for 15 minutes, so what had arrived was deleted. Send the message again.',
  )
}

interface ChunkWriter {
  write(data: Buffer): Promise<void>
  end(): Promise<void>
}

/**
 * Cuts a file into chunks. The next one fills while one is being stored; the last one is known only at the end. A client
 * holds the memory of the chunk that fills, and what storing one takes for that moment only.
 */
function createChunkWriter(
  memory: IntakeMemory,
  store: (content: Buffer, chunk: number, last: boolean) => Promise<void>,
): ChunkWriter {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let filled = 0
  let count = 0
  let storing: Promise<void> = Promise.resolve()

  async function flush(last: boolean): Promise<void> {
    await storing
    const giveBack = await memory.holdForStoring(memoryFor.storedChunk)
    storing = store(chunk.subarray(0, filled), count, last).finally(giveBack) // seals, so copies, before it returns
    storing.catch(() => {}) // it is awaited before the next one, or at the end
    count += 1
    filled = 0
  }

  return {
    async write(data) {
      for (let from = 0; from < data.length;) {
        if (filled === CHUNK_BYTES) await flush(false)
        const taken = data.copy(chunk, filled, from)
        filled += taken
        from += taken
      }
    },
    async end() {
      await flush(true)
      await storing
    },
  }
}

function hex(hash: Hash): string {
  return hash.digest('hex')
}
