import { worded } from '../explanation.ts'
import type { AttachmentItem } from '@microsoft/microsoft-graph-types'
import { z } from 'zod'
import { optionalText, readJson, jsonObject } from '../json.ts'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import {
  asRepeatable,
  failureOf,
  inMailbox,
  isGone,
  OF_DRAFT,
  readReply,
  repeatableOrGone,
  unusable,
  type Answered,
  type CallOptions,
  type Exchange,
  type Gone,
  type GraphMailerOptions,
  type Reply,
} from './graph-exchange.ts'
import { hasMark, messagePath, readGraphAnswer, type GraphAnswer } from './graph-call.ts'
import type { OutgoingAttachment } from './outgoing-message.ts'
import { toGraphAttachment } from './send-mail-request.ts'
import { boundedText } from '../bounded-text.ts'
import { isProtected } from '../clouds.ts'
import { plainText } from '../plain-text.ts'

const MAX_PAGES = 20

/** Exchange counts what it stores besides the content: 237 bytes of a small file, a twentieth of one of 3.5 MB. */
const MAX_OVERHEAD_BYTES = 65_536
const MAX_OVERHEAD_SHARE = 0.1

const AttachmentPage = z.object({
  value: z.array(z.object({ name: optionalText, size: z.number().nullable().catch(null) })),
  '@odata.nextLink': optionalText,
})

type AttachFileOutcome =
  /** `isConfirmed`: Microsoft says so itself. Else only the draft shows whether the file is on it. */
  { readonly outcome: 'attached'; readonly isConfirmed: boolean } | Gone | Failure

/** An attachment that is complete. Its size is that which Exchange says, and no smaller than that of the file. */
interface DraftAttachment {
  readonly name: string | null
  readonly size: number | null
}

type ListAttachmentsOutcome =
  | { readonly outcome: 'listed'; readonly attachments: readonly DraftAttachment[] }
  | Gone
  | Failure

type CreateUploadSessionOutcome = { readonly outcome: 'created'; readonly session: UploadSession } | Gone | Failure

interface UploadFile extends Omit<OutgoingAttachment, 'content'> {
  readonly sizeBytes: number
}

/** Puts files on a draft. All calls need `Mail.ReadWrite`. */
export function createUploadCalls(exchange: Exchange) {
  return {
    /** Attaches a file in one request, where `planSize` says `attach`. */
    async attachFile(draftId: string, file: OutgoingAttachment, options: CallOptions): Promise<AttachFileOutcome> {
      const request = { path: attachmentsPath(draftId), body: toGraphAttachment(file), immutableIds: true } as const
      const reply = await inMailbox(exchange, options, { method: 'POST', ...request })
      if (reply.answered && reply.status === 201) return { outcome: 'attached', isConfirmed: isOfGraph(reply, file) }
      return reply.answered && isGone(reply.answer) ? { outcome: 'gone' } : failureOf(reply, OF_DRAFT)
    },

    /** Lists the attachments that are complete, inline images included. Never `unknown`. */
    async listAttachments(draftId: string, options: CallOptions): Promise<ListAttachmentsOutcome> {
      const attachments: DraftAttachment[] = []
      // Without `$top`, which this list does not support; usually it comes whole (reported at msgraph-metadata).
      let query: string | null = '?$select=id,name,size'
      for (let page = 0; query !== null && page < MAX_PAGES; page += 1) {
        const path = `${attachmentsPath(draftId)}${query}`
        const reply = await inMailbox(exchange, options, { method: 'GET', path, immutableIds: true })
        const listed = readReply(reply, AttachmentPage)
        if (!listed) return repeatableOrGone(reply, OF_DRAFT)
        attachments.push(...listed.value)
        query = queryOf(listed['@odata.nextLink'])
      }
      return query === null ? { outcome: 'listed', attachments } : ENDLESS_LIST
    },

    /** Never `unknown`: an unused session has no effect. */
    async createUploadSession(
      draftId: string,
      file: UploadFile,
      options: CallOptions,
    ): Promise<CreateUploadSessionOutcome> {
      const path = `${attachmentsPath(draftId)}/createUploadSession`
      const body = { AttachmentItem: toAttachmentItem(file) }
      const reply = await inMailbox(exchange, options, { method: 'POST', path, body, immutableIds: true })
      const opened = readReply(reply, SessionBody) ?? readReply(reply, SessionBody, 201)
      if (!opened) return repeatableOrGone(reply, OF_DRAFT)
      const session = toSession(opened)
      return uploadUrlFailure(session.uploadUrl) ?? { outcome: 'created', session }
    },
  }
}

/** Whether the last of the files that a draft should have by now is among its attachments, by name and size. */
export function isLastAttached(
  files: readonly { readonly filename: string; readonly sizeBytes: number }[],
  attachments: readonly DraftAttachment[],
): boolean {
  const last = files.at(-1)
  if (!last) return false
  const mayBeLast = (name: string | null, size: number | null) =>
    name === last.filename &&
    size !== null &&
    size >= last.sizeBytes &&
    size <= last.sizeBytes * (1 + MAX_OVERHEAD_SHARE) + MAX_OVERHEAD_BYTES
  const alike = files.filter(({ filename, sizeBytes }) => mayBeLast(filename, sizeBytes))
  return attachments.filter(({ name, size }) => mayBeLast(name, size)).length >= alike.length
}

const AttachedFile = z.object({ id: z.string(), name: z.string(), size: z.number() })

/** Graph marks its answer, and names the attachment where a gateway strips the marks. */
function isOfGraph({ headers, text }: Answered, { filename }: OutgoingAttachment): boolean {
  return hasMark(headers) || readJson(text, AttachedFile)?.name === filename
}

const ENDLESS = { detail: ['graph-endless-list'] }
const ENDLESS_LIST: Failure = { ...unusable(worded(ENDLESS).detail), values: ENDLESS }

function attachmentsPath(draftId: string): string {
  return `${messagePath(draftId)}/attachments`
}

/** Follows only the query of the link to the next page, so that the token stays with its host. */
function queryOf(nextLink: string | null): string | null {
  return nextLink === null ? null : nextLink.replace(/^[^?]*/, '')
}

function toAttachmentItem({ filename, contentType, contentId, sizeBytes }: UploadFile): AttachmentItem {
  return {
    attachmentType: 'file',
    name: filename,
    size: sizeBytes,
    contentType,
    isInline: contentId !== null,
    ...(contentId !== null && { contentId }),
  }
}

/**
 * The size of every range but the last: 15 times the 256 KiB in which content is stored, 12 times the 320 KiB of which
 * some of Microsoft's pages want a multiple, and below the 4 MB that Outlook takes at once.
 */
export const RANGE_BYTES = 3_932_160

const MAX_HOST_CHARACTERS = 100

/** Some clouds capitalise the names of members. */
const objectInAnyCase = jsonObject.transform((members) =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name.toLowerCase(), value])),
)

const SessionBody = objectInAnyCase.pipe(z.object({ uploadurl: z.string(), expirationdatetime: optionalText }))

const ProgressBody = objectInAnyCase.pipe(
  z.object({ id: z.unknown().optional(), nextexpectedranges: z.array(z.unknown()).nullable().catch(null) }),
)

export interface UploadSession {
  /** A secret: whoever has it may upload. */
  readonly uploadUrl: string
  /** Uploading does not extend it. */
  readonly expiresAt: Date | null
}

interface UploadRange {
  /** Offset in the file, in bytes. */
  readonly start: number
  /** The size of the whole file. */
  readonly totalBytes: number
  /** Not empty, and at most `RANGE_BYTES`. */
  readonly bytes: Buffer
}

/** The session has ended. The file may be attached, if its end was uploaded. */
interface SessionGone {
  readonly outcome: 'session-gone'
}

type PutRangeOutcome =
  /** `nextStart`: the offset that Microsoft expects next. */
  | { readonly outcome: 'stored'; readonly nextStart: number }
  /** The file is attached. */
  | { readonly outcome: 'finished' }
  /** The last range was taken, by whomever: only the draft shows whether the file is attached. */
  | { readonly outcome: 'unconfirmed' }
  /** Microsoft expects another range; `readUploadSession` returns which. */
  | { readonly outcome: 'out-of-step' }
  | SessionGone
  /** `unknown`: the range may have been stored. `intercepted`: another session may get through. */
  | Failure

type ReadUploadSessionOutcome =
  | { readonly outcome: 'open'; readonly nextStart: number }
  | SessionGone
  /** The host does not say. */
  | { readonly outcome: 'unsupported' }
  | Failure

interface UploadRequest {
  readonly method: 'PUT' | 'GET' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

/** Calls to the host of an upload. They carry no token, since the address itself grants access. */
export function createUploadSessionCalls({ fetch, clock }: GraphMailerOptions) {
  async function ask(
    { uploadUrl }: UploadSession,
    request: UploadRequest,
    signal: AbortSignal | undefined,
  ): Promise<Reply> {
    signal?.throwIfAborted()
    try {
      const response = await fetch(uploadUrl, { ...request, ...(signal && { signal }) })
      const { status, headers } = response
      const requestBytes = request.body?.length ?? 0
      const reply = { answered: true, requestBytes, status, headers, text: await boundedText(response) } as const
      return { ...reply, answer: readGraphAnswer(reply, new URL(uploadUrl).host, clock()) }
    } catch (error) {
      return { answered: false, error }
    }
  }

  return {
    /** Ranges have to be put in order. */
    async putRange(session: UploadSession, range: UploadRange, signal?: AbortSignal): Promise<PutRangeOutcome> {
      const fault = uploadUrlFailure(session.uploadUrl)
      if (fault) return fault
      const { start, totalBytes, bytes } = range
      const contentRange = `bytes ${start}-${start + bytes.length - 1}/${totalBytes}`
      const headers = { 'content-type': 'application/octet-stream', 'content-range': contentRange }
      const reply = await ask(session, { method: 'PUT', headers, body: bytes }, signal)
      return reply.answered ? judgeRange(reply, range) : classifyConnectionFailure(reply.error)
    },

    /** Never `unknown`. */
    async readUploadSession(session: UploadSession, signal?: AbortSignal): Promise<ReadUploadSessionOutcome> {
      const fault = uploadUrlFailure(session.uploadUrl)
      if (fault) return fault
      const reply = await ask(session, { method: 'GET' }, signal)
      return reply.answered ? judgeStatus(reply) : asRepeatable(classifyConnectionFailure(reply.error))
    },

    /** Makes one attempt; a session that stays open expires by itself. */
    async cancelUpload(session: UploadSession, signal?: AbortSignal): Promise<void> {
      if (uploadUrlFailure(session.uploadUrl)) return
      await ask(session, { method: 'DELETE' }, signal)
    },
  }
}

function toSession(body: z.infer<typeof SessionBody>): UploadSession {
  const expiresAt = new Date(body.expirationdatetime ?? '')
  return { uploadUrl: body.uploadurl, expiresAt: Number.isNaN(expiresAt.getTime()) ? null : expiresAt }
}

/** Why nothing may be uploaded to this address; null when it is safe. Names only the host, since the rest is secret. */
function uploadUrlFailure(uploadUrl: string): Failure | null {
  const url = URL.canParse(uploadUrl) ? new URL(uploadUrl) : null
  if (url && isProtected(url) && url.username === '' && url.password === '') return null
  const named = url ? ` (${plainText(`${url.protocol}//${url.host}`, MAX_HOST_CHARACTERS)})` : ''
  return unusable(`Microsoft named an address for the upload that is not safe to use${named}.`)
}

function judgeRange(reply: Answered, { start, totalBytes, bytes }: UploadRange): PutRangeOutcome {
  const { answer } = reply
  if (isSuccess(reply)) {
    const starts = expectedStarts(reply.text)
    const end = start + bytes.length
    const next = starts ? (starts[0] ?? totalBytes) : saysAttached(reply) ? totalBytes : end
    if (next < totalBytes) return { outcome: 'stored', nextStart: next }
    // Whatever Microsoft says, a file cannot be complete before its end was uploaded.
    if (end < totalBytes) return { outcome: 'out-of-step' }
    return { outcome: isAttached(reply) ? 'finished' : 'unconfirmed' }
  }
  if (answer.gateway !== null) return failureOfHost(answer)
  if (isOutOfStep(answer)) return { outcome: 'out-of-step' }
  return isSessionGone(answer) ? { outcome: 'session-gone' } : failureOfHost(answer)
}

function judgeStatus(reply: Answered): ReadUploadSessionOutcome {
  const starts = isSuccess(reply) ? expectedStarts(reply.text) : null
  if (starts) {
    const [nextStart] = starts
    return nextStart === undefined ? { outcome: 'session-gone' } : { outcome: 'open', nextStart }
  }
  if (isSessionGone(reply.answer)) return { outcome: 'session-gone' }
  // Microsoft documents this call for OneDrive only, so a refusal says nothing about the session.
  const failure = asRepeatable(failureOfHost(reply.answer))
  const isRefused = failure.outcome === 'refused' || failure.outcome === 'intercepted'
  return isRefused || isSuccess(reply) ? { outcome: 'unsupported' } : failure
}

/** The upload host itself succeeded. A gateway that answers 200 in its place answers with a page. */
function isSuccess({ status, text }: Answered): boolean {
  if (status === 201) return true
  return status >= 200 && status < 300 && (text === '' || readJson(text, jsonObject) !== null)
}

/** Outlook answers the last range with 201, and names the attachment. */
function isAttached({ status, headers }: Answered): boolean {
  return status === 201 && headers.get('location') !== null
}

/** Other parts of Graph answer it with 200 and the item; so may something in between with anything. */
function saysAttached({ status, text }: Answered): boolean {
  return status === 201 || readJson(text, ProgressBody)?.id !== undefined
}

/**
 * The offsets at which the missing ranges begin: empty when none is missing, null when the answer does not say. Outlook
 * writes `["2097152"]`, other parts of Graph `["2097152-"]` and `["2097152-4194303"]`.
 */
function expectedStarts(text: string): readonly number[] | null {
  const ranges = readJson(text, ProgressBody)?.nextexpectedranges
  if (!ranges) return null
  const starts = ranges.flatMap((range) => /^\s*(\d{1,15})\s*(?:-|$)/.exec(String(range))?.[1] ?? []).map(Number)
  return ranges.length > 0 && starts.length === 0 ? null : starts
}

/** Microsoft documents the codes of OneDrive only; Outlook may spell them differently. */
function isOutOfStep(answer: GraphAnswer): boolean {
  if (answer.status === 416) return true
  return isRefusal(answer) && (hasCode(answer, /range|fragment/i) || /overlap/i.test(answer.message ?? ''))
}

/** A 401 can only be about the token in the address, since the request carries no other. */
function isSessionGone(answer: GraphAnswer): boolean {
  if ([401, 404, 410].includes(answer.status)) return true
  return isRefusal(answer) && hasCode(answer, /uploadSession|expired/i)
}

function isRefusal({ status }: GraphAnswer): boolean {
  return status >= 400 && status < 500 && status !== 429
}

function hasCode({ code, innerCode }: GraphAnswer, pattern: RegExp): boolean {
  return pattern.test(code ?? '') || pattern.test(innerCode ?? '')
}

/**
 * Leaves out Microsoft's own sentence, which may quote the address. What something else than Microsoft refuses here concerns
 * the message alone: mail without large files does not go this way.
 */
function failureOfHost(answer: GraphAnswer): Failure {
  if (answer.gateway === null) return classifyFailure({ ...answer, message: null })
  const failure = asRepeatable(classifyFailure({ ...answer, message: null, retryAfter: null }))
  return failure.outcome === 'intercepted' ? { ...failure, concerns: 'message' } : failure
}
