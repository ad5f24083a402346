import { isProtected } from '../clouds.ts'
import { plainText } from '../plain-text.ts'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { member, parseJson, readGraphAnswer, type GraphAnswer } from './graph-answer.ts'
import { boundedText } from './graph-call.ts'
import { withoutDoubt, type Answered, type GraphMailerOptions, type NotAnswered } from './graph-exchange.ts'

/**
 * The size of a range, but for the last of a file: 15 of the 256 KiB that content is stored in, 12 of the 320 KiB of
 * which some of Microsoft's pages want a multiple, and below the 4 MB that Outlook takes at once.
 */
export const RANGE_BYTES = 3_932_160

const MAX_HOST_CHARACTERS = 100

export interface UploadSession {
  /** Whoever has it may upload: a secret. */
  readonly uploadUrl: string
  /** Uploading does not extend it. */
  readonly expiresAt: Date | null
}

export interface UploadRange {
  /** Where it begins in the file, counted from 0. */
  readonly start: number
  /** Of the whole file. */
  readonly totalBytes: number
  /** Up to `RANGE_BYTES`, and not empty. */
  readonly bytes: Buffer
}

/** Nothing more can be done with the session. The file may be attached, if its end was uploaded. */
interface SessionGone {
  readonly outcome: 'session-gone'
}

export type PutRangeOutcome =
  /** Where the next range begins, as Microsoft says. */
  | { readonly outcome: 'stored'; readonly nextStart: number }
  /** The file is attached. */
  | { readonly outcome: 'finished' }
  /** Microsoft waits for another range. `readUploadSession` tells for which. */
  | { readonly outcome: 'out-of-step' }
  | SessionGone
  /** `unknown`: the range may or may not have been stored. */
  | Failure

export type ReadUploadSessionOutcome =
  | { readonly outcome: 'open'; readonly nextStart: number }
  | SessionGone
  /** The host does not say. */
  | { readonly outcome: 'unsupported' }
  | Failure

/** What happens at the host of an upload, which gets no token: the address itself gives the right. */
export interface UploadSessionCalls {
  /** Ranges go in order. */
  putRange(session: UploadSession, range: UploadRange, signal?: AbortSignal): Promise<PutRangeOutcome>
  /** Never `unknown`. */
  readUploadSession(session: UploadSession, signal?: AbortSignal): Promise<ReadUploadSessionOutcome>
  /** Tries once. A session that stays ends by itself. */
  cancelUpload(session: UploadSession, signal?: AbortSignal): Promise<void>
}

interface UploadRequest {
  readonly method: 'PUT' | 'GET' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

export function createUploadSessionCalls({ fetch, clock }: GraphMailerOptions): UploadSessionCalls {
  async function ask(
    { uploadUrl }: UploadSession,
    request: UploadRequest,
    signal: AbortSignal | undefined,
  ): Promise<Answered | NotAnswered> {
    signal?.throwIfAborted()
    try {
      const response = await fetch(uploadUrl, { ...request, ...(signal && { signal }) })
      const { status, headers } = response
      const reply = { answered: true, status, headers, text: await boundedText(response) } as const
      return { ...reply, answer: readGraphAnswer(reply, clock()) }
    } catch (error) {
      return { answered: false, error }
    }
  }

  return {
    async putRange(session, range, signal) {
      const fault = uploadUrlFailure(session.uploadUrl)
      if (fault) return fault
      const { start, totalBytes, bytes } = range
      const contentRange = `bytes ${start}-${start + bytes.length - 1}/${totalBytes}`
      const headers = { 'content-type': 'application/octet-stream', 'content-range': contentRange }
      const reply = await ask(session, { method: 'PUT', headers, body: bytes }, signal)
      return reply.answered ? judgeRange(reply, range) : classifyConnectionFailure(reply.error)
    },

    async readUploadSession(session, signal) {
      const fault = uploadUrlFailure(session.uploadUrl)
      if (fault) return fault
      const reply = await ask(session, { method: 'GET' }, signal)
      return reply.answered ? judgeStatus(reply) : withoutDoubt(classifyConnectionFailure(reply.error))
    },

    async cancelUpload(session, signal) {
      if (uploadUrlFailure(session.uploadUrl)) return
      await ask(session, { method: 'DELETE' }, signal)
    },
  }
}

/** From the answer to `createUploadSession`; null when there is no session in it. */
export function sessionFromAnswer(answer: unknown): UploadSession | null {
  const uploadUrl = memberInAnyCase(answer, 'uploadUrl')
  if (typeof uploadUrl !== 'string') return null
  const expires = memberInAnyCase(answer, 'expirationDateTime')
  const expiresAt = typeof expires === 'string' ? new Date(expires) : null
  return { uploadUrl, expiresAt: expiresAt === null || Number.isNaN(expiresAt.getTime()) ? null : expiresAt }
}

/** Why nothing is uploaded to this address; null when it may be used. Names the host only: the rest is secret. */
export function uploadUrlFailure(uploadUrl: string): Failure | null {
  const url = URL.canParse(uploadUrl) ? new URL(uploadUrl) : null
  if (url && isProtected(url) && url.username === '' && url.password === '') return null
  const named = url ? ` (${plainText(`${url.protocol}//${url.host}`, MAX_HOST_CHARACTERS)})` : ''
  const detail = `Microsoft named an address for the upload that is not safe to use${named}.`
  return { outcome: 'unavailable', retryAfter: null, microsoftCode: null, requestId: null, detail }
}

function judgeRange(reply: Answered, { start, totalBytes, bytes }: UploadRange): PutRangeOutcome {
  const { answer } = reply
  if (isSuccess(reply)) {
    const body = parseJson(reply.text)
    const starts = expectedStarts(body)
    const end = start + bytes.length
    const next = starts ? (starts[0] ?? totalBytes) : isAttached(reply.status, body) ? totalBytes : end
    if (next < totalBytes) return { outcome: 'stored', nextStart: next }
    // A file that was not uploaded to its end cannot be complete.
    return { outcome: end === totalBytes ? 'finished' : 'out-of-step' }
  }
  if (isOutOfStep(answer)) return { outcome: 'out-of-step' }
  return isSessionGone(answer) ? { outcome: 'session-gone' } : failureOf(answer)
}

function judgeStatus(reply: Answered): ReadUploadSessionOutcome {
  const starts = isSuccess(reply) ? expectedStarts(parseJson(reply.text)) : null
  if (starts) {
    const [nextStart] = starts
    return nextStart === undefined ? { outcome: 'session-gone' } : { outcome: 'open', nextStart }
  }
  if (isSessionGone(reply.answer)) return { outcome: 'session-gone' }
  // Microsoft documents this for OneDrive only: a refusal says nothing about the session.
  const failure = withoutDoubt(failureOf(reply.answer))
  return failure.outcome === 'refused' || isSuccess(reply) ? { outcome: 'unsupported' } : failure
}

/** A success of the upload host itself: a gateway that answers 200 in its place answers with a page. */
function isSuccess({ status, text }: Answered): boolean {
  if (status === 201) return true
  return status >= 200 && status < 300 && (text === '' || isObject(parseJson(text)))
}

/** Outlook answers the last range with 201, other parts of Graph also with 200 and the item. */
function isAttached(status: number, body: unknown): boolean {
  return status === 201 || memberInAnyCase(body, 'id') !== undefined
}

/**
 * Where each of the missing ranges begins: none when nothing is missing, null when the answer does not say.
 * Outlook writes `["2097152"]`, other parts of Graph `["2097152-"]` and `["2097152-4194303"]`; some clouds capitalise.
 */
function expectedStarts(body: unknown): readonly number[] | null {
  const ranges = memberInAnyCase(body, 'nextExpectedRanges')
  if (!Array.isArray(ranges)) return null
  const starts = ranges.flatMap((range) => /^\s*(\d{1,15})\s*(?:-|$)/.exec(String(range))?.[1] ?? []).map(Number)
  return ranges.length > 0 && starts.length === 0 ? null : starts
}

/** Microsoft documents the codes of OneDrive only; those of Outlook may be named a little differently. */
function isOutOfStep(answer: GraphAnswer): boolean {
  if (answer.status === 416) return true
  return isRefusal(answer) && (hasCode(answer, /range|fragment/i) || /overlap/i.test(answer.message ?? ''))
}

/** A 401 can only be about the token in the address, since there is no other. */
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

/** Without Microsoft's own sentence: it may quote the address. */
function failureOf(answer: GraphAnswer): Failure {
  return classifyFailure({ ...answer, message: null })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function memberInAnyCase(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined
  const own = Object.keys(value).find((key) => key.toLowerCase() === name.toLowerCase())
  return own === undefined ? undefined : member(value, own)
}
