import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { InforiverMailError, type InputFault } from './inforiver-mail-error.ts'
import type { RequestBody } from './request.ts'
import type { BatchMessage, SendAttachment, SendMessage } from './types.ts'

/** Up to this size files in memory go inside the JSON, which takes at most 6 MiB. */
const INLINE_BYTES = 1024 * 1024

/** Bytes of attachments that were handed to the network; `totalBytes` is null where a stream does not tell its size. */
export interface Progress {
  readonly sentBytes: number
  readonly totalBytes: number | null
}

/** Writes a message as JSON or, when its attachments are large or not in memory, as a stream of parts. */
export async function messageBody(
  message: SendMessage,
  onProgress: (progress: Progress) => void = () => {},
): Promise<RequestBody> {
  const files = await Promise.all((message.attachments ?? []).map(toFile))
  const inMemory = files.filter((file) => file.bytes !== null)
  const sizeBytes = inMemory.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0)
  if (inMemory.length === files.length && sizeBytes <= INLINE_BYTES)
    return jsonBody({
      ...message,
      ...(files.length > 0 && {
        attachments: files.map(({ facts, bytes }) => ({ ...facts, content: toBase64(bytes ?? new Uint8Array()) })),
      }),
    })
  return multipartBody(message, files, onProgress)
}

/** A stream that is being read can be cancelled by its reader alone, also where it stands still. */
const readers = new WeakMap<ReadableStream, ReadableStreamDefaultReader<Uint8Array>>()

/** Closes the streams of attachments, which nobody else does where a message was not submitted. */
export function closeStreams({ attachments = [] }: SendMessage): void {
  for (const attachment of attachments) {
    if ('path' in attachment) continue
    const { content } = attachment
    if (content instanceof ReadableStream) void (readers.get(content) ?? content).cancel().catch(() => {})
    else if (isNodeStream(content)) content.destroy()
  }
}

/** @throws {InforiverMailError} `invalid-input`, naming every attachment that is not in memory */
export function batchBody(messages: readonly BatchMessage[]): RequestBody {
  const faults = messages.flatMap(({ attachments = [] }, at) =>
    attachments.flatMap(({ content }, index) =>
      isInMemory(content) ? [] : [notInMemory(`messages[${at}].attachments[${index}]`)],
    ),
  )
  const [first] = faults
  if (first) throw new InforiverMailError('invalid-input', `${first.path}: ${first.message}`, { errors: faults })
  return jsonBody({
    messages: messages.map((message) => ({
      ...message,
      ...(message.attachments && {
        attachments: message.attachments.map(({ content, ...facts }) => ({
          ...facts,
          content: toBase64(toBytes(content)),
        })),
      }),
    })),
  })
}

function jsonBody(value: unknown): RequestBody {
  const content = JSON.stringify(value)
  return { contentType: 'application/json', open: () => ({ content }), canRepeat: () => true, fault: () => null }
}

interface File {
  readonly facts: { readonly filename: string; readonly contentType?: string; readonly contentId?: string }
  /** Null where it is not in memory. */
  readonly bytes: Uint8Array | null
  readonly sizeBytes: number | null
  /** Whether it can be read only once. */
  readonly isOnce: boolean
  read(): AsyncIterable<Uint8Array | string>
}

async function toFile(attachment: SendAttachment, index: number): Promise<File> {
  if ('path' in attachment) {
    const { path, filename = basename(path), ...facts } = attachment
    const found = await stat(path).catch((cause: unknown) => {
      throw unreadable(`attachments[${index}].path`, cause)
    })
    const read = () => createReadStream(path)
    return { facts: { filename, ...facts }, bytes: null, sizeBytes: found.size, isOnce: false, read }
  }
  const { content, ...facts } = attachment
  if (isInMemory(content)) {
    const bytes = toBytes(content)
    return { facts, bytes, sizeBytes: bytes.length, isOnce: false, read: () => once(bytes) }
  }
  if (content instanceof Blob) {
    const read = () => content.stream() as unknown as AsyncIterable<Uint8Array>
    return { facts, bytes: null, sizeBytes: content.size, isOnce: false, read }
  }
  // Until it is read, nothing else listens: its error would end the process. Whoever reads it learns of it all the same.
  if (isNodeStream(content)) content.on('error', () => {})
  const read = () => (content instanceof ReadableStream ? readStream(content) : content)
  return { facts, bytes: null, sizeBytes: null, isOnce: true, read }
}

async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  readers.set(stream, reader)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

function isNodeStream(content: object | string): content is Readable {
  return typeof content === 'object' && 'on' in content && 'destroy' in content && typeof content.on === 'function'
}

function multipartBody(
  message: SendMessage,
  files: readonly File[],
  onProgress: (progress: Progress) => void,
): RequestBody {
  const boundary = `inforiver-mail-${crypto.randomUUID()}`
  const described = files.map(({ facts }, part) => ({ part, ...facts }))
  const sizes = files.map(({ sizeBytes }) => sizeBytes)
  const totalBytes = sizes.reduce<number | null>((sum, size) => (sum === null || size === null ? null : sum + size), 0)
  let isBegun = false
  let fault: Error | null = null

  async function* write(onSent: () => void): AsyncGenerator<Uint8Array> {
    let sentBytes = 0
    const head = (name: string, type: string) =>
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
      )
    const json = JSON.stringify({ ...message, attachments: described })
    yield Buffer.concat([head('message', 'application/json'), Buffer.from(`${json}\r\n`)])
    for (const [index, file] of files.entries()) {
      yield head('attachment', 'application/octet-stream') // its real type is in the message
      isBegun ||= file.isOnce
      for await (const chunk of read(file, index)) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        yield bytes
        sentBytes += bytes.length
        onSent()
        report({ sentBytes, totalBytes })
      }
      yield Buffer.from('\r\n')
    }
    yield Buffer.from(`--${boundary}--\r\n`)
  }

  async function* read(file: File, index: number): AsyncGenerator<Uint8Array | string> {
    try {
      yield* file.read()
    } catch (cause) {
      fault = unreadable(`attachments[${index}]`, cause)
      throw cause
    }
  }

  /** A fault of the caller's own function is the caller's, who gets it as it is. */
  function report(progress: Progress): void {
    try {
      onProgress(progress)
    } catch (error) {
      fault = error instanceof Error ? error : new Error(String(error), { cause: error })
      throw error
    }
  }

  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    open: (onSent) => ({ content: toStream(write(onSent)) }),
    canRepeat: () => !isBegun,
    fault: () => fault,
  }
}

/** Reads nothing ahead, so that a one-shot stream is not begun before it is asked for. */
function toStream(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function isInMemory(content: unknown): content is string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array
}

function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function notInMemory(path: string): InputFault {
  const message = 'A batch takes text and bytes only: read the file first, or submit this message by send.'
  return { path, code: 'not-in-memory', values: {}, message }
}

function unreadable(path: string, cause: unknown): InforiverMailError {
  const message = `The file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
  const fault = { path, code: 'unreadable-file', values: {}, message }
  return new InforiverMailError('invalid-input', `${path}: ${message}`, { errors: [fault], cause })
}
