import type { MultipartFile } from '@fastify/multipart'
import { MAX_ATTACHMENTS, MessageInput } from '@inforiver-mail/contract/message'
import type { FastifyRequest } from 'fastify'
import { invalidInput, ProblemError } from '../http/problem.ts'
import type { ReceivedPart } from './read-submission.ts'

export const MAX_JSON_BYTES = 6 * 1024 * 1024
/** All parts together: what is larger is too large for one request to Graph in any case, and is not even read. */
const MAX_MULTIPART_BYTES = MAX_JSON_BYTES
const MAX_VISIBLE_KEY_CHARACTERS = 255

/** The message and its parts, from JSON or `multipart/form-data`. */
export async function readRequest(
  request: FastifyRequest,
): Promise<{ input: MessageInput; parts: readonly ReceivedPart[] }> {
  if (!request.isMultipart()) return { input: validate(request.body), parts: [] }
  let message: unknown
  const parts: ReceivedPart[] = []
  for await (const { part, content } of readParts(request)) {
    const name: string | undefined = part.fieldname // a part may come without
    if (name === 'message' && message === undefined) message = parseJson(content)
    else if (name === 'attachment') {
      parts.push({
        filename: part.filename ? decodeFileName(part.filename) : null,
        contentType: part.mimetype || null,
        content,
      })
    } else
      throw new ProblemError(
        'invalid-input',
        `The part "${name?.slice(0, 50) ?? ''}" is not expected: send one part message and parts attachment.`,
      )
  }
  if (message === undefined)
    throw new ProblemError('invalid-input', 'The part message is missing: it holds the message as JSON.')
  return { input: validate(message), parts }
}

/** 1 to 255 visible characters, or none. */
export function readIdempotencyKey(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && key.length <= MAX_VISIBLE_KEY_CHARACTERS && /^[\x21-\x7e]+$/.test(key)) return key
  throw new ProblemError('invalid-input', 'Idempotency-Key has to be 1 to 255 visible ASCII characters.')
}

async function* readParts(request: FastifyRequest): AsyncGenerator<{ part: MultipartFile; content: Buffer }> {
  const declaredBytes = Number(request.headers['content-length'] ?? 0)
  if (declaredBytes > MAX_MULTIPART_BYTES) throw tooLarge(`${declaredBytes} bytes`)
  let sizeBytes = 0
  const limits = { fileSize: MAX_MULTIPART_BYTES + 1, files: MAX_ATTACHMENTS + 1, parts: MAX_ATTACHMENTS + 1 }
  try {
    // Every part is read as it is, whether or not it has a file name: as a field it would be taken for text.
    for await (const part of request.parts({ limits, isPartAFile: () => true })) {
      const { file } = part as MultipartFile
      const chunks: Buffer[] = []
      for await (const chunk of file as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length
        if (sizeBytes > MAX_MULTIPART_BYTES) throw tooLarge(`more than ${MAX_MULTIPART_BYTES} bytes`)
        chunks.push(chunk)
      }
      yield { part: part as MultipartFile, content: Buffer.concat(chunks) }
    }
  } catch (error) {
    // Those of the limits have codes. The rest says that the body is broken, or broke off.
    if (error instanceof ProblemError || (error as { code?: string }).code?.startsWith('FST_')) throw error
    throw new ProblemError('invalid-input', 'The multipart body cannot be read: it is malformed, or ended too early.')
  } finally {
    // What is refused before its end still has to arrive: unread, it would block its connection.
    request.raw.unpipe()
    request.raw.resume()
  }
}

function tooLarge(size: string): ProblemError {
  return new ProblemError(
    'message-too-large',
    `The request has ${size}; at most ${MAX_MULTIPART_BYTES} are taken, and about 3 MB of attachments fit. Send less, or a link to the file.`,
  )
}

function validate(value: unknown): MessageInput {
  const parsed = MessageInput.safeParse(value)
  if (parsed.success) return parsed.data
  throw invalidInput(parsed.error.issues)
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch {
    throw new ProblemError('invalid-input', 'The part message is not valid JSON.')
  }
}

/** Browsers write a quote as %22; control characters never name a file. */
function decodeFileName(name: string): string {
  return name
    .replaceAll('%22', '"')
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, '_')
    .slice(-255)
    .toWellFormed()
}
