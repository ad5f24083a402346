import type { Readable } from 'node:stream'
import {
  IdempotencyKey,
  MAX_ATTACHMENTS,
  MessageBatch,
  MessageInput,
  submitMessage,
} from '@inforiver-mail/contract/message-input'
import type { FastifyRequest } from 'fastify'
import { beforeHeavyWork } from '../http/heavy-work.ts'
import { beforeValidating, parseJson } from '../http/json-body.ts'
import { faultsOf, refuseFaults, refuseInput } from '../http/input-faults.ts'
import { type Fault, ProblemError, refuseMediaType, say } from '../http/problem.ts'
import type { FreeUnused } from '../memory/body-memory.ts'
import { SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import { mostBytesOf } from '../http/request-bodies.ts'
import { boundaryOf, readMultipart, type BodyPart } from '../http/read-multipart.ts'
import type { AttachmentSink, Check } from '../domain/arriving-message.ts'
import { readFileName } from '../domain/file-name.ts'
import { fault } from '@inforiver-mail/contract/fault-text'
import { toSubmission } from './read-submission.ts'
import type { Submission } from './submit.ts'

export const MAX_JSON_BYTES = 6 * 1024 * 1024
const ENCODED = /^(base64|quoted-printable)$/
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/ // lengths as in RFC 6838 section 4.2

/**
 * Reads the message from JSON or `multipart/form-data`, whose attachments go to the sink while they arrive. The message
 * is validated and checked as soon as it has arrived, so that a refusal need not wait for the attachments after it.
 *
 * @throws {ProblemError} `invalid-input` with every fault, that of the Idempotency-Key included
 */
export async function readRequest(request: FastifyRequest, sink: AttachmentSink, check: Check): Promise<MessageInput> {
  const faults = parseIdempotencyKey(request).faults
  const boundary = boundaryOf(request.headers['content-type'])
  if (boundary !== null) return readParts(request, boundary, sink, check, faults)
  if (request.body === undefined) throw refuseMediaType(submitMessage)
  await beforeValidating(request.body)
  return validate(request.body, check, faults)
}

/** Returns null where there is no key, or a faulty one, which `readRequest` refuses. */
export function readIdempotencyKey(request: FastifyRequest): string | null {
  return parseIdempotencyKey(request).key
}

/** Reads and validates the Idempotency-Key. */
function parseIdempotencyKey({ headers }: FastifyRequest): { key: string | null; faults: Fault[] } {
  const given = headers['idempotency-key']
  if (given === undefined) return { key: null, faults: [] }
  const parsed = IdempotencyKey.safeParse(given)
  if (parsed.success) return { key: parsed.data, faults: [] }
  return { key: null, faults: parsed.error.issues.map(({ message }) => ({ path: 'Idempotency-Key', message })) }
}

async function readParts(
  request: FastifyRequest,
  boundary: string,
  sink: AttachmentSink,
  check: Check,
  faults: Fault[],
): Promise<MessageInput> {
  let message: MessageInput | undefined
  let count = 0
  for await (const part of readMultipart(request.body as Readable, boundary)) {
    count += 1
    if (count > MAX_ATTACHMENTS + 1)
      throw new ProblemError('invalid-input', say('too-many-parts', { max: MAX_ATTACHMENTS }))
    const fault = faultOf(part, message !== undefined)
    if (fault !== null) faults.push(fault)
    if (fault !== null && message !== undefined) break // the faults of the message are known already
    if (fault === null && part.name === 'message') {
      message = await readMessage(request, part, (json) => validate(json, check, faults))
    } else if (faults.length === 0) await sink.add(readFacts(part), part.content)
    else part.skip() // read on for the faults of the message
  }
  if (message === undefined) faults.push({ path: 'message', message: fault('message-part-missing') })
  if (message === undefined || faults.length > 0) throw refuseInput(faults)
  return message
}

/** Returns null for a part that can be taken. */
function faultOf({ name, transferEncoding }: BodyPart, messageCame: boolean): Fault | null {
  const path = name?.slice(0, 50) ?? ''
  if (name === null) return { path, message: fault('part-without-name') }
  if (name === 'message' && messageCame) return { path, message: fault('message-part-twice') }
  if (name !== 'message' && name !== 'attachment') return { path, message: fault('part-unexpected') }
  // RFC 7578 section 4.7 deprecates the header. Nothing decodes it here, so the file would arrive as text.
  if (transferEncoding !== null && ENCODED.test(transferEncoding))
    return { path, message: fault('part-encoded', { encoding: transferEncoding }) }
  return null
}

/** Reads what a part says about its file. */
function readFacts({ fileName, contentType }: BodyPart) {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  return {
    filename: fileName === null ? null : readFileName(fileName),
    contentType: MEDIA_TYPE.test(mediaType) ? mediaType : null,
  }
}

async function readMessage<Result>(
  request: FastifyRequest,
  { content, contentType }: BodyPart,
  parse: (json: unknown) => Promise<Result>,
): Promise<Result> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  let freeUnused: FreeUnused | undefined
  for await (const chunk of content) {
    sizeBytes += chunk.length
    if (sizeBytes > SMALL_BODY_BYTES) freeUnused ??= request.arrival.holdLargeJson(mostBytesOf(request))
    if (sizeBytes > MAX_JSON_BYTES)
      throw new ProblemError('message-too-large', say('part-too-large', { limitBytes: MAX_JSON_BYTES }))
    chunks.push(chunk)
  }
  freeUnused?.(sizeBytes)
  return parse(await parseJson(Buffer.concat(chunks), contentType ?? 'text/plain', 'part'))
}

async function validate(value: unknown, check: Check, faults: readonly Fault[]): Promise<MessageInput> {
  const parsed = MessageInput.safeParse(value)
  if (!parsed.success) throw refuseInput([...faults, ...faultsOf(parsed.error.issues)])
  if (faults.length > 0) throw refuseInput(faults)
  await check(parsed.data)
  return parsed.data
}

/** @throws {ProblemError} where the installation does not allow the message */
export type CheckSubmission = (input: MessageInput, submission: Submission) => Promise<void>

/**
 * Reads a batch, message by message, so that one which is refused hides nothing of those after it. It is refused as the
 * first refused message alone would be, with the faults of all of them by path.
 *
 * @throws {ProblemError} `invalid-input` where it is no batch
 */
export async function readBatch(request: FastifyRequest, check: CheckSubmission): Promise<readonly Submission[]> {
  const { faults } = parseIdempotencyKey(request)
  if (request.body === undefined) throw refuseMediaType(request.routeOptions.config.serves)
  const outline = MessageBatch.safeParse(request.body)
  if (!outline.success) throw refuseInput([...faults, ...faultsOf(outline.error.issues)])
  if (faults.length > 0) throw refuseInput(faults)
  const submissions: Submission[] = []
  const refusals: { readonly refusal: ProblemError; readonly place: string }[] = []
  for (const [index, message] of outline.data.messages.entries()) {
    await beforeHeavyWork()
    try {
      submissions.push(await readOne(message, check))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      refusals.push({ refusal: error, place: `messages[${index}]` })
    }
  }
  const [first] = refusals
  if (!first) return submissions
  throw refuseFaults(
    first.refusal.code,
    refusals.flatMap(({ refusal, place }) => faultsWithin(refusal, place)),
  )
}

async function readOne(message: unknown, check: CheckSubmission): Promise<Submission> {
  const parsed = MessageInput.safeParse(message)
  if (!parsed.success) throw refuseInput(faultsOf(parsed.error.issues))
  const submission = toSubmission(parsed.data, [])
  await check(parsed.data, submission)
  return submission
}

function faultsWithin({ errors, message }: ProblemError, place: string): Fault[] {
  if (errors === undefined) return [{ path: place, message }]
  return errors.map((fault) => ({ ...fault, path: fault.path === '' ? place : `${place}.${fault.path}` }))
}
