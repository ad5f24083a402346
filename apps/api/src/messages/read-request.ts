import { MAX_ATTACHMENTS, MessageInput } from '@inforiver-mail/contract/message'
import type { FastifyRequest } from 'fastify'
import { invalidInput, ProblemError } from '../http/problem.ts'
import type { ReceivedPart } from './read-submission.ts'

export const MAX_JSON_BYTES = 6 * 1024 * 1024
const MAX_PART_BYTES = 3 * 1024 * 1024
const MAX_VISIBLE_KEY_CHARACTERS = 255

/** The message and its parts, from JSON or `multipart/form-data`. */
export async function readRequest(
  request: FastifyRequest,
): Promise<{ input: MessageInput; parts: readonly ReceivedPart[] }> {
  if (!request.isMultipart()) return { input: validate(request.body), parts: [] }
  let message: unknown
  const parts: ReceivedPart[] = []
  for await (const part of request.parts({
    limits: {
      fileSize: MAX_PART_BYTES,
      files: MAX_ATTACHMENTS + 1,
      fields: 1,
      fieldSize: MAX_JSON_BYTES,
      parts: MAX_ATTACHMENTS + 2,
    },
  })) {
    const content = part.type === 'file' ? await part.toBuffer() : Buffer.from(String(part.value))
    if (part.fieldname === 'message' && message === undefined) message = parseJson(content)
    else if (part.fieldname === 'attachment') {
      parts.push({
        filename: part.type === 'file' && part.filename ? decodeFileName(part.filename) : null,
        contentType: part.mimetype || null,
        content,
      })
    } else
      throw new ProblemError(
        'invalid-input',
        `The part "${part.fieldname.slice(0, 50)}" is not expected: send one part message and parts attachment.`,
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
    .replaceAll(/\p{Cc}/gu, '_')
    .slice(-255)
}
