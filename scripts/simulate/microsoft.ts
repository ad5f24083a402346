import { ReceivedHeaders } from '../../packages/m365/src/answer-headers.ts'
import {
  NotSentError,
  type MicrosoftFetch,
  type MicrosoftFetchInit,
  type MicrosoftResponse,
} from '../../packages/m365/src/microsoft-fetch.ts'
import { refusal, type Acceptance, type Asked, type Mailboxes, type Reply } from './mailboxes.ts'
import type { ConnectedProcess } from './database.ts'
import type { Border, Choice, World } from './world.ts'

// The way to Microsoft and back, beneath the real clients.

/** A request as it is recorded for the rules. */
export interface RecordedRequest {
  readonly process: string
  readonly mailbox: string
  readonly endpoint: string
  readonly begunAt: number
  endedAt: number | null
  status: number | null
  accepted: Acceptance | null
}

/** How likely each fault of a request is, beside 100 for one that is carried out and answered. */
export interface MicrosoftFaults {
  readonly unreachable: number
  readonly lostBefore: number
  readonly lostAnswer: number
  readonly throttled: number
  readonly unavailable: number
  readonly unclear: number
}

export interface Upload {
  readonly at: number
  readonly bytes: number
}

export interface Microsoft {
  readonly fetchOf: (process: MailingProcess) => MicrosoftFetch
}

interface MailingProcess extends ConnectedProcess {
  after(ms: number, call: () => void): () => void
}

const TIMEOUT_MS = 60_000
const CARRIED_OUT_WEIGHT = 100
const SLOWLY_WEIGHT = 40
/** A request that its sender has given up may still be carried out within this time. */
const LATE_WITHIN_MS = 30_000
const SENDING = /\/(sendMail|send)$/

export function createMicrosoft({
  world,
  mailboxes,
  faults,
  onRequest,
  onUpload,
}: {
  world: World
  mailboxes: Mailboxes
  faults: () => MicrosoftFaults
  onRequest: (request: RecordedRequest) => void
  /** A range of a file is being uploaded. */
  onUpload: (upload: Upload) => void
}): Microsoft {
  class Request implements Border {
    private readonly process: MailingProcess
    private readonly asked: Asked
    private readonly record: RecordedRequest | null
    private readonly resolve: (response: MicrosoftResponse) => void
    private readonly reject: (error: Error) => void
    private reply: Reply | Error | null = null
    private isGivenUp = false
    private givenUpAt = 0
    private isOver = false
    private readonly cancelTimeout: () => void

    constructor(
      process: MailingProcess,
      url: string,
      { method = 'GET', headers = {}, body = '', signal }: MicrosoftFetchInit,
      resolve: (response: MicrosoftResponse) => void,
      reject: (error: Error) => void,
    ) {
      this.process = process
      // What is uploaded is told by its range, and need not be read.
      const range = /^bytes (\d+-\d+)/.exec(headers['content-range'] ?? '')?.[1]
      this.asked = { method, url: new URL(url), body: range ?? (typeof body === 'string' ? body : '') }
      this.resolve = resolve
      this.reject = reject
      this.record = recordOf(process.name, this.asked, world.now())
      if (this.record) onRequest(this.record)
      const [from, to] = range?.split('-').map(Number) ?? []
      if (from !== undefined && to !== undefined) onUpload({ at: world.now(), bytes: to - from + 1 })
      this.cancelTimeout = process.after(TIMEOUT_MS, () =>
        this.giveUp(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
      )
      signal?.addEventListener('abort', () => this.giveUp(signal.reason as Error), { once: true })
      world.add(this)
    }

    choices(): readonly Choice[] {
      const { name, isFrozen, isAlive } = this.process
      const what = `${name}: ${this.asked.method} ${this.asked.url.pathname.replace(/^\/v1\.0\/users/, '')}`
      if (!isAlive) this.beLate()
      if (this.isGivenUp) return this.late(what)
      if (this.reply !== null)
        return isFrozen ? [] : [{ text: `${what} is answered`, weight: CARRIED_OUT_WEIGHT, run: () => this.deliver() }]
      const { unreachable, lostBefore, lostAnswer, throttled, unavailable, unclear } = faults()
      const answer = (text: string, weight: number, run: () => Reply | Error): Choice => ({
        text: `${what}${text}`,
        weight,
        run: () => this.take(run(), true),
      })
      return [
        answer('', CARRIED_OUT_WEIGHT, () => this.carryOut()),
        { text: `${what}, slowly`, weight: SLOWLY_WEIGHT, run: () => this.take(this.carryOut(), false) },
        answer(' finds no way', unreachable, () => new NotSentError(connectionError('ECONNREFUSED'))),
        answer(' does not arrive', lostBefore, () => connectionError('ECONNRESET')),
        answer(', and the answer is lost', lostAnswer, () => (this.carryOut(), connectionError('ECONNRESET'))),
        answer(' is throttled', throttled, () => refusal(429, 'ApplicationThrottled', { 'retry-after': '10' })),
        answer(' is turned away', unavailable, () => refusal(503, 'ServiceUnavailable', { 'retry-after': '5' })),
        answer(' fails', unclear, () => refusal(504, 'GatewayTimeout')),
        answer(' is carried out and fails', unclear, () => (this.carryOut(), refusal(504, 'GatewayTimeout'))),
      ]
    }

    /** Its sender waits no longer. */
    private late(what: string): Choice[] {
      const isPast = world.now() - this.givenUpAt > LATE_WITHIN_MS
      if (this.reply !== null || isPast)
        return [{ text: `${what} is over`, weight: CARRIED_OUT_WEIGHT, run: () => this.end() }]
      return [
        { text: `${what} never arrives`, weight: CARRIED_OUT_WEIGHT, run: () => this.end() },
        {
          text: `${what} is carried out late`,
          weight: CARRIED_OUT_WEIGHT,
          run: () => this.take(this.carryOut(), false),
        },
      ]
    }

    private take(reply: Reply | Error, atOnce: boolean): void {
      this.reply = reply
      world.pass(1)
      if (this.record) {
        this.record.endedAt = world.now()
        this.record.status = reply instanceof Error ? null : reply.status
      }
      world.note(`${this.process.name}: ${reply instanceof Error ? reply.message : reply.status}`)
      if (this.isGivenUp || !this.process.isAlive) this.end()
      else if (atOnce && !this.process.isFrozen) this.deliver()
    }

    private deliver(): void {
      const { reply } = this
      this.end()
      if (reply instanceof Error) this.process.run(() => this.reject(reply))
      else if (reply) this.process.run(() => this.resolve(responseOf(reply)))
    }

    private giveUp(reason: Error): void {
      if (this.isGivenUp || this.isOver) return
      this.beLate()
      this.reject(reason)
    }

    private beLate(): void {
      if (this.isGivenUp) return
      this.isGivenUp = true
      this.givenUpAt = world.now()
      this.cancelTimeout()
    }

    private carryOut(): Reply {
      const reply = mailboxes.answer(this.asked)
      if (this.record && reply.accepted) this.record.accepted = reply.accepted
      return reply
    }

    private end(): void {
      if (this.record) this.record.endedAt ??= world.now()
      this.isOver = true
      this.cancelTimeout()
      world.remove(this)
    }
  }

  return {
    fetchOf:
      (process) =>
      (url, init = {}) =>
        new Promise((resolve, reject) => {
          if (init.signal?.aborted) reject(new NotSentError(init.signal.reason as Error))
          else void new Request(process, url, init, resolve, reject)
        }),
  }
}

function connectionError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Requests for tokens go to no mailbox, and ranges to a host that counts them by itself. */
function recordOf(process: string, { url }: Asked, begunAt: number): RecordedRequest | null {
  const [, address] = /^\/v1\.0\/users\/([^/]+)\//.exec(url.pathname) ?? []
  if (address === undefined) return null
  const [, action] = SENDING.exec(url.pathname) ?? []
  const endpoint = action === 'send' ? 'draft-send' : (action ?? 'other')
  return {
    process,
    mailbox: decodeURIComponent(address),
    endpoint,
    begunAt,
    endedAt: null,
    status: null,
    accepted: null,
  }
}

function responseOf({ status, headers = {}, body }: Reply): MicrosoftResponse {
  const text = body === undefined ? '' : JSON.stringify(body)
  const received = new ReceivedHeaders({
    'content-type': 'application/json',
    'request-id': 'r',
    'x-ms-request-id': 'r',
    ...headers,
  })
  return {
    status,
    headers: received,
    body: text === '' ? null : once(Buffer.from(text)),
    text: async () => text,
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
