import { InforiverMailError } from './inforiver-mail-error.ts'
import { batchBody, closeStreams, messageBody, type Progress } from './message-body.ts'
import { LONGEST_TIMER_MS, request, sleep, type Call, type Connection } from './request.ts'
import type {
  BatchMessage,
  Message,
  MessageEvent,
  MessageEventType,
  MessageFilter,
  MessageSummary,
  SendMessage,
  Usage,
} from './types.ts'

const RETRIES = 4
const TIMEOUT_MS = 60_000
const PAGE_SIZE = 100
/** How long the server holds a request for events, and how many it returns at most. */
const EVENT_WAIT_SECONDS = 30
const EVENTS_AT_ONCE = 1_000
const FIRST_LOOK_MS = 250
const LONGEST_LOOK_MS = 5_000
const WAIT_UNTIL_ENDED_MS = 5 * 60_000
const ENDED = new Set(['sent', 'failed', 'cancelled'])

export interface InforiverMailOptions {
  /** Where Inforiver Mail is, such as `https://mail.contoso.com`. */
  readonly baseUrl: string
  readonly serviceKey: string
  /** Replaces the global `fetch`, for example to use a proxy. */
  readonly fetch?: typeof fetch
  /** How long an attempt may go without anything being sent or answered; 60 seconds unless given. */
  readonly timeoutMs?: number
  /**
   * How often a request is repeated after a network error, 429 or 503; 4 unless given. A message is not repeated when 23
   * hours have passed, since its key lasts for 24, and nothing is that is told to wait for more than 5 minutes.
   */
  readonly retries?: number
}

export interface SendOptions {
  /**
   * The same key within 24 hours stands for the same message. By default each call has a new one, which the error of a
   * failed call names.
   */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
  /** An `Error` that it throws ends the call, and is what the call rejects with. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * A connection to Inforiver Mail. Failures are `InforiverMailError`, except what `onProgress` throws. An abort rejects
 * with the reason of the signal, or with an `InforiverMailError` of the same name where a message was being submitted.
 */
export class InforiverMail {
  readonly #connection: Connection

  constructor({
    baseUrl,
    serviceKey,
    fetch: ownFetch,
    timeoutMs = TIMEOUT_MS,
    retries = RETRIES,
  }: InforiverMailOptions) {
    if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl))
      throw new TypeError('baseUrl is the address of Inforiver Mail, such as https://mail.contoso.com.')
    if (typeof serviceKey !== 'string' || !/^[\x21-\x7e]+$/.test(serviceKey))
      throw new TypeError('serviceKey is missing: a workspace admin makes one on the page Service keys.')
    const call: typeof fetch = ownFetch ?? ((input, init) => fetch(input, init))
    this.#connection = { baseUrl, serviceKey, fetch: call, timeoutMs, retries }
  }

  /** Submits a message, and resolves when it is stored: it will be delivered once. */
  async send(message: SendMessage, { idempotencyKey, signal, onProgress }: SendOptions = {}): Promise<Message> {
    try {
      const body = await messageBody(message, onProgress)
      return await this.#submit<Message>('messages', body, idempotencyKey, signal)
    } catch (error) {
      closeStreams(message)
      throw error
    }
  }

  /** Submits up to 100 messages: all are stored, or none. */
  async sendBatch(
    messages: readonly BatchMessage[],
    { idempotencyKey, signal }: Omit<SendOptions, 'onProgress'> = {},
  ): Promise<Message[]> {
    const { items } = await this.#submit<{ items: Message[] }>(
      'messages/batch',
      batchBody(messages),
      idempotencyKey,
      signal,
    )
    return items
  }

  async get(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<Message> {
    return this.#request<Message>({ method: 'GET', path: pathOf(id), signal })
  }

  /** Cancels a message that has certainly not been sent. */
  async cancel(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<Message> {
    return this.#act(id, 'cancel', 'message-not-cancellable', ({ status }) => status === 'cancelled', signal)
  }

  /** Queues a failed message again. */
  async retry(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<Message> {
    return this.#act(
      id,
      'retry',
      'message-not-retryable',
      ({ status }) => !ENDED.has(status) || status === 'sent',
      signal,
    )
  }

  async usage({ signal }: { signal?: AbortSignal } = {}): Promise<Usage> {
    return this.#request<Usage>({ method: 'GET', path: 'tenant-settings/office365-smtp/usage', signal })
  }

  /** Every message that the filter finds, newest first, page by page. */
  async *list(
    filter: MessageFilter = {},
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<MessageSummary, void, undefined> {
    let cursor: string | undefined
    do {
      const query = { limit: PAGE_SIZE, ...filter, cursor }
      const page = await this.#request<{ items: MessageSummary[]; nextCursor: string | null }>({
        method: 'GET',
        path: 'messages',
        query,
        signal,
      })
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  /**
   * Events as they happen, those of one message in order, until `signal` is aborted. Outages are waited for.
   *
   * @param options.after the id of the last event that was handled, or `0` for the oldest kept; without it: from now on
   */
  async *events({
    after,
    types,
    signal,
  }: {
    readonly after?: string
    readonly types?: readonly MessageEventType[]
    readonly signal?: AbortSignal
  } = {}): AsyncGenerator<MessageEvent, void, undefined> {
    let cursor = after
    try {
      for (;;) {
        const page = await this.#request<{ items: MessageEvent[]; next: string }>({
          method: 'GET',
          path: 'message-events',
          query: {
            after: cursor,
            types: types?.join(','),
            limit: EVENTS_AT_ONCE,
            // Without a cursor the answer is the place to begin at.
            waitSeconds: cursor === undefined ? undefined : EVENT_WAIT_SECONDS,
          },
          signal,
          timeoutMs: this.#connection.timeoutMs + EVENT_WAIT_SECONDS * 1_000,
          outlastsOutages: true,
        })
        yield* page.items
        cursor = page.next
      }
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }

  /**
   * Resolves once the message is sent, failed or cancelled.
   *
   * @throws {InforiverMailError} `timed-out` when it has not ended after `timeoutMs`, 5 minutes unless given
   */
  async waitUntilEnded(
    id: string,
    { timeoutMs = WAIT_UNTIL_ENDED_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<Message> {
    const over = new AbortController()
    const onAbort = () => over.abort(signal?.reason)
    signal?.throwIfAborted()
    signal?.addEventListener('abort', onAbort, { once: true })
    const message = `The message ${id} has not ended after ${timeoutMs} ms. It goes on.`
    let timer: ReturnType<typeof setTimeout> | undefined
    const limit = (leftMs: number) => {
      const ms = Math.min(leftMs, LONGEST_TIMER_MS)
      const end = () => over.abort(new InforiverMailError('timed-out', message))
      timer = setTimeout(() => (ms < leftMs ? limit(leftMs - ms) : end()), ms)
    }
    limit(timeoutMs)
    try {
      for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, LONGEST_LOOK_MS)) {
        const found = await this.get(id, { signal: over.signal })
        if (ENDED.has(found.status)) return found
        await sleep(waitMs, over.signal)
      }
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async #submit<Answer>(
    path: string,
    body: NonNullable<Call['body']>,
    idempotencyKey: string = crypto.randomUUID(),
    signal?: AbortSignal,
  ): Promise<Answer> {
    try {
      return await this.#request<Answer>({ method: 'POST', path, body, idempotencyKey, signal })
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw aborted(error, idempotencyKey)
      throw error instanceof InforiverMailError ? Object.assign(error, { idempotencyKey }) : error
    }
  }

  /** Repeats an action whose answer was lost. If it was carried out the first time, the repetition is refused. */
  async #act(
    id: string,
    action: 'cancel' | 'retry',
    refusal: string,
    isDone: (message: Message) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<Message> {
    let mayBeDone = false
    try {
      return await this.#request<Message>({
        method: 'POST',
        path: `${pathOf(id)}/${action}`,
        signal,
        onUnanswered: () => (mayBeDone = true),
      })
    } catch (error) {
      if (!mayBeDone || !(error instanceof InforiverMailError) || error.code !== refusal) throw error
      const message = await this.get(id, signal ? { signal } : {})
      if (isDone(message)) return message
      throw error
    }
  }

  async #request<Answer>(call: Call): Promise<Answer> {
    return (await request(this.#connection, call)) as Answer
  }
}

/** The reason may be shared by many calls, so that it cannot carry the key of one of them. */
function aborted(reason: unknown, idempotencyKey: string): InforiverMailError {
  const { name, message } = reason instanceof Error ? reason : { name: 'AbortError', message: String(reason) }
  return new InforiverMailError('aborted', message, { name, idempotencyKey, cause: reason })
}

function pathOf(id: string): string {
  return `messages/${encodeURIComponent(id)}`
}
