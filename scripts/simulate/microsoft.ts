import type { MailboxRequest } from '../chaos/history/history.ts'
import {
  NotSentError,
  type MicrosoftFetch,
  type MicrosoftFetchInit,
  type MicrosoftResponse,
} from '../../packages/m365/src/microsoft-fetch.ts'
import type { ConnectedProcess } from './database.ts'
import { refusal, type Acceptance, type Mailboxes, type Reply } from './mailboxes.ts'
import type { Plan } from './plan.ts'
import { choice, type Border, type Choice, type World } from './world.ts'

// The way to Microsoft and back, beneath the real clients.

/** A request as it is recorded for the rules. */
export interface RecordedRequest extends MailboxRequest {
  endedAt: number
  status: number | null
  accepted: Acceptance | null
}

export interface Upload {
  readonly at: number
  readonly bytes: number
}

const TIMEOUT_MS = 60_000
const SLOWLY_WEIGHT = 40
/** A request that its sender has given up may still be carried out within this time. */
const LATE_WITHIN_MS = 30_000

/** Returns what a process asks Microsoft by. What goes to a mailbox, and what is uploaded, is recorded. */
export function createMicrosoft(
  world: World,
  mailboxes: Mailboxes,
  plan: Plan,
  requests: RecordedRequest[],
  uploads: Upload[],
): (process: ConnectedProcess) => MicrosoftFetch {
  function begin(
    process: ConnectedProcess,
    address: string,
    { method = 'GET', headers = {}, body = '', signal }: MicrosoftFetchInit,
    { resolve, reject }: PromiseWithResolvers<MicrosoftResponse>,
  ): void {
    const url = new URL(address)
    const what = `${process.name}: ${method} ${url.pathname.replace(/^\/v1\.0\/users/, '')}`
    // What is uploaded is told by its range, and need not be read.
    const range = /^bytes (\d+)-(\d+)/.exec(headers['content-range'] ?? '')?.slice(1)
    if (range) uploads.push({ at: world.now(), bytes: Number(range[1]) - Number(range[0]) + 1 })
    const record = recordOf(url, world.now())
    if (record.mailbox !== '') requests.push(record)
    /** Whether it puts a file on a draft: whatever answers in Microsoft's place, the draft shows whether it is there. */
    const isFile = method === 'POST' && url.pathname.endsWith('/attachments')
    let reply: Reply | Error | null = null
    let givenUpAt: number | null = null
    const border: Border = { choices }
    const cancelTimeout = process.after(TIMEOUT_MS, () =>
      giveUp(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    )
    signal?.addEventListener('abort', () => giveUp(signal.reason as Error), { once: true })
    world.add(border, plan.pace.hangingRequests)

    function choices(): readonly Choice[] {
      if (!process.isAlive) givenUpAt ??= world.now()
      if (givenUpAt !== null) return late(world.now() - givenUpAt > LATE_WITHIN_MS)
      if (reply !== null) return process.isFrozen ? [] : [choice(`${what} is answered`, deliver)]
      const { unreachable, lostBefore, lostAnswer, throttled, unavailable, unclear, forbidden, intercepted } =
        plan.microsoft
      const answer = (text: string, weight: number, run: () => Reply | Error) =>
        choice(`${what}${text}`, () => take(run(), true), weight)
      return [
        choice(what, () => take(carryOut(), true)),
        choice(`${what}, slowly`, () => take(carryOut(), false), SLOWLY_WEIGHT),
        answer(' finds no way', unreachable, () => new NotSentError(connectionError('ECONNREFUSED'))),
        answer(' does not arrive', lostBefore, () => connectionError('ECONNRESET')),
        answer(', and the answer is lost', lostAnswer, () => (carryOut(), connectionError('ECONNRESET'))),
        answer(' is throttled', throttled, () => refusal(429, 'ApplicationThrottled', { 'retry-after': '10' })),
        answer(' is turned away', unavailable, () => refusal(503, 'ServiceUnavailable', { 'retry-after': '5' })),
        answer(' is forbidden', forbidden, () => refusal(403, 'ErrorAccessDenied')),
        answer(' fails', unclear, () => refusal(504, 'GatewayTimeout')),
        answer(' is carried out and fails', unclear, () => (carryOut(), refusal(504, 'GatewayTimeout'))),
        answer(' is answered by a gateway', isFile ? intercepted : 0, () => new Response(null, { status: 201 })), // without Microsoft's marks
      ]
    }

    /** Its sender waits no longer. */
    function late(isPast: boolean): Choice[] {
      if (reply !== null || isPast) return [choice(`${what} is over`, end)]
      return [
        choice(`${what} never arrives`, end),
        choice(`${what} is carried out late`, () => take(carryOut(), false)),
      ]
    }

    function take(answer: Reply | Error, atOnce: boolean): void {
      reply = answer
      world.pass(1)
      record.endedAt = world.now()
      record.status = answer instanceof Error ? null : answer.status
      world.note(`${process.name}: ${answer instanceof Error ? answer.message : answer.status}`)
      if (givenUpAt !== null || !process.isAlive) end()
      else if (atOnce && !process.isFrozen) deliver()
    }

    function deliver(): void {
      end()
      if (reply instanceof Error) process.run(() => reject(reply))
      else process.run(() => resolve(reply as Reply))
    }

    function giveUp(reason: Error): void {
      givenUpAt ??= world.now()
      cancelTimeout()
      reject(reason)
    }

    function carryOut(): Reply {
      const answer = mailboxes.answer(method, url, range?.join('-') ?? (typeof body === 'string' ? body : ''))
      if (answer.accepted) record.accepted = { ...answer.accepted, at: record.begunAt, arrivedAt: world.now() }
      return answer
    }

    function end(): void {
      record.endedAt = Math.min(record.endedAt, world.now())
      cancelTimeout()
      world.remove(border)
    }
  }

  return (process) =>
    (url, init = {}) => {
      const answer = Promise.withResolvers<MicrosoftResponse>()
      if (init.signal?.aborted) answer.reject(new NotSentError(init.signal.reason as Error))
      else begin(process, url, init, answer)
      return answer.promise
    }
}

function connectionError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Requests for tokens go to no mailbox, and ranges to a host that counts them by itself. */
function recordOf({ pathname }: URL, begunAt: number): RecordedRequest {
  const mailbox = decodeURIComponent(/^\/v1\.0\/users\/([^/]+)\//.exec(pathname)?.[1] ?? '')
  const action = /\/(sendMail|send)$/.exec(pathname)?.[1] ?? 'other'
  const endpoint = action === 'send' ? 'draft-send' : action
  return { kind: 'request', mailbox, endpoint, begunAt, endedAt: Infinity, status: null, accepted: null }
}
