import { InforiverMailError, type InputFault } from './inforiver-mail-error.ts'

const FIRST_WAIT_MS = 500
/** A timer that is to take longer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
const LONGEST_WAIT_MS = 30_000
/** The longest that an answer can have a request wait: the product never asks for more, but a proxy in front may. */
const LONGEST_ASKED_WAIT_MS = 5 * 60_000
/** The server forgets a key after 24 hours. Then a repetition would be another message. */
const REPEATS_UNDER_KEY_FOR_MS = 23 * 60 * 60_000
/** Waiting can help: a limit, an outage, or a proxy in front that reached nobody. */
const PASSING = new Set([429, 502, 503, 504])

export interface Connection {
  readonly baseUrl: string
  readonly serviceKey: string
  readonly fetch: typeof fetch
  /** How long an attempt may go without anything being sent or answered. */
  readonly timeoutMs: number
  /** How often a request is repeated. */
  readonly retries: number
}

/** A body that is opened for each attempt. */
export interface RequestBody {
  readonly contentType: string
  /** Calls `onSent` after each piece that was handed to the network. */
  open(onSent: () => void): { readonly content: string | ReadableStream<Uint8Array> }
  /** Whether another attempt can send it; a stream that was begun cannot be read again. */
  canRepeat(): boolean
  /** Why the body ended before its end, if that is why an attempt failed: an attachment, or a fault of the caller. */
  fault(): Error | null
}

/** What is undefined is left out. */
type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Below `/api/v1/`. */
  readonly path: string
  readonly query?: Query
  /** Lets the server know a repetition. */
  readonly idempotencyKey?: string
  readonly body?: RequestBody
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** Whether it is repeated until it is answered or aborted. */
  readonly outlastsOutages?: boolean
  /** Told when an attempt ended without an answer of the product, so that it may have been carried out. */
  readonly onUnanswered?: () => void
}

/** Makes a request and returns the parsed answer. Only requests that may be made twice are to be repeated. */
export async function request(connection: Connection, call: Call): Promise<unknown> {
  const { outlastsOutages = false, idempotencyKey, signal, body } = call
  const retries = outlastsOutages ? Number.POSITIVE_INFINITY : connection.retries
  // A clock that goes on while the machine is asleep.
  const keyEndsAt = idempotencyKey === undefined ? null : new Date().getTime() + REPEATS_UNDER_KEY_FOR_MS
  for (let attempt = 0; ; attempt++) {
    const failure = await attemptOnce(connection, call)
    if ('answer' in failure) return failure.answer
    if (failure.isUnanswered) call.onUnanswered?.()
    const isLast = attempt >= retries || !failure.mayPass
    if (isLast || body?.canRepeat() === false) throw failure.error
    const ownMs = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS) * (0.5 + chance() / 2)
    // An answer may ask for no wait at all, and again each time.
    const leastMs = outlastsOutages && attempt > 0 ? ownMs : 0
    const waitMs = Math.max(failure.waitMs ?? ownMs, leastMs)
    if (waitMs > LONGEST_ASKED_WAIT_MS && !outlastsOutages) throw failure.error
    await sleep(Math.min(waitMs, LONGEST_ASKED_WAIT_MS), signal)
    if (keyEndsAt !== null && new Date().getTime() >= keyEndsAt) throw failure.error
  }
}

interface Failure {
  readonly error: Error
  readonly mayPass: boolean
  readonly isUnanswered: boolean
  /** What the answer asked for; null where it did not say. */
  readonly waitMs: number | null
}

async function attemptOnce(connection: Connection, call: Call): Promise<Failure | { readonly answer: unknown }> {
  const { method, path, query = {}, idempotencyKey, body, signal, timeoutMs = connection.timeoutMs } = call
  signal?.throwIfAborted()
  const ending = new AbortController()
  const onAbort = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  let timer: ReturnType<typeof setTimeout> | undefined
  const extend = () => {
    clearTimeout(timer)
    const reason = `nothing was sent or answered for ${timeoutMs} ms`
    timer = setTimeout(() => ending.abort(new Error(reason)), Math.min(timeoutMs, LONGEST_TIMER_MS))
  }
  extend()
  try {
    const content = body?.open(extend).content
    const response = await connection.fetch(addressOf(connection.baseUrl, path, query), {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        authorization: `Bearer ${connection.serviceKey}`,
        ...(body && { 'content-type': body.contentType }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      redirect: 'error', // it would lead the key, or the message, elsewhere
      signal: ending.signal,
      ...(content !== undefined && { body: content }),
      ...(typeof content === 'object' && { duplex: 'half' }),
    })
    extend()
    return await readAnswer(response)
  } catch (cause) {
    signal?.throwIfAborted()
    const fault = body?.fault() ?? null
    if (fault) return { error: fault, mayPass: false, isUnanswered: true, waitMs: null }
    const reason = ending.signal.aborted ? ending.signal.reason : cause
    return {
      error: new InforiverMailError('network', `Inforiver Mail did not answer: ${describe(reason)}.`, {
        cause: reason,
      }),
      mayPass: true,
      isUnanswered: true,
      waitMs: null,
    }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function addressOf(baseUrl: string, path: string, query: Query): string {
  const url = new URL(`api/v1/${path}`, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`)
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url.href
}

async function readAnswer(response: Response): Promise<Failure | { readonly answer: unknown }> {
  const { status, headers } = response
  const content = parse(await response.text())
  if (response.ok && content !== undefined) return { answer: content }
  const problem = content as
    | Partial<{ code: string; detail: string; errors: InputFault[]; requestId: string }>
    | undefined
  const isOurs = typeof problem?.code === 'string'
  const error = isOurs
    ? new InforiverMailError(problem.code ?? '', problem.detail ?? '', {
        status,
        ...(problem.errors && { errors: problem.errors }),
        ...(problem.requestId && { requestId: problem.requestId }),
      })
    : new InforiverMailError('unexpected-answer', `The answer with status ${status} is not one of Inforiver Mail.`, {
        status,
      })
  const waitMs = readRetryAfter(headers.get('retry-after'), headers.get('date'))
  // 503 may also mean that nobody knows whether the change was made.
  return { error, mayPass: PASSING.has(status), isUnanswered: !isOurs || status === 503, waitMs }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const SECONDS = /^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/
/** Every form of a date has letters. `Date.parse` alone takes "5, 5" for a day in 2001. */
const DATE = /[a-z]/i

/**
 * Seconds, of which the longest count where a proxy has added its own, or a date (RFC 9110 section 10.2.3), which is compared
 * with the clock of the server.
 */
function readRetryAfter(header: string | null, date: string | null): number | null {
  const value = header?.trim() ?? ''
  if (SECONDS.test(value)) return Math.max(...value.split(',').map(Number)) * 1_000
  if (!DATE.test(value)) return null
  const answeredAt = Date.parse(date ?? '')
  const waitMs = Date.parse(value) - (Number.isNaN(answeredAt) ? new Date().getTime() : answeredAt)
  return Number.isNaN(waitMs) ? null : Math.max(waitMs, 0)
}

/** Returns a number between 0 and 1, so that many clients do not come back together. */
function chance(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1))
  return value / 2 ** 32
}

export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Node says what happened in the innermost cause: `fetch failed` alone helps nobody. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return describe(error.cause)
  return error.message || ((error as { code?: string }).code ?? error.name)
}
