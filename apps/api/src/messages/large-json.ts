import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, RequestPayload } from 'fastify'
import { createByteBudget } from '../byte-budget.ts'
import { ProblemError } from '../http/problem.ts'
import { isMultipart } from '../http/read-multipart.ts'
import { MAX_JSON_BYTES } from './read-request.ts'

/** Of text that has arrived; parsed, decoded and sealed it takes several times as much. */
const BUDGET_BYTES = 4 * MAX_JSON_BYTES
/** Ordinary mail never waits for large mail, whether or not its client says how long it is. */
const SMALL_BYTES = 64 * 1024
/** A client that stands still does not keep others waiting for longer. */
const IDLE_MS = 10_000
const LONGEST_WAIT_MS = 30_000

type Gate = (request: FastifyRequest, reply: FastifyReply, payload: RequestPayload) => Promise<RequestPayload>

/**
 * Lets the rest of a large JSON body wait, unread, until there is memory for it: many at once take no more than a few.
 * Memory is asked for once it is certain that the body is large, for all of it at once: bodies that each wait for the
 * memory of the other would not end. Multipart bodies have a budget of their own, which is asked for while they arrive.
 */
export function createLargeJsonGate({ longestWaitMs = LONGEST_WAIT_MS } = {}): Gate {
  const budget = createByteBudget(BUDGET_BYTES)

  async function waitForMemory(bytes: number, { raw }: FastifyReply): Promise<void> {
    const left = new AbortController()
    raw.once('close', () => left.abort())
    const patience = AbortSignal.timeout(longestWaitMs)
    const giveBack = await budget.take(bytes, AbortSignal.any([left.signal, patience])).catch((error: unknown) => {
      if (!patience.aborted) throw error
      throw new ProblemError(
        'unavailable',
        `Other large messages are arriving, and after ${longestWaitMs / 1_000} seconds there was still no memory for this one. Nothing was stored; try again in a moment, or send attachments as parts of a multipart/form-data body.`,
      )
    })
    if (raw.closed) giveBack()
    raw.once('close', giveBack)
  }

  return async ({ headers, raw: incoming }, reply, payload) => {
    const bytes = mostBytes(headers)
    // One that says that it is too large is refused unread.
    if (bytes <= SMALL_BYTES || bytes > MAX_JSON_BYTES || isMultipart(headers['content-type'])) return payload
    const body = (payload as Readable).iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
    const head: Buffer[] = []
    for (let arrived = 0; arrived <= SMALL_BYTES;) {
      const { done, value } = await body.next()
      if (done) return Readable.from(head)
      head.push(value)
      arrived += value.length
    }
    // What is refused unread still has to arrive: the next request on this connection waits behind it.
    reply.raw.once('close', () => void body.return?.().finally(() => incoming.resume()))
    await waitForMemory(bytes, reply)
    incoming.setTimeout(IDLE_MS, () => incoming.destroy())
    incoming.once('end', () => incoming.setTimeout(0))
    const whole = Readable.from(joined(head, body))
    whole.on('error', () => {}) // who reads it learns of it; after a refusal nobody does
    return whole
  }
}

/** How long the body may turn out to be. */
function mostBytes(headers: IncomingHttpHeaders): number {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : MAX_JSON_BYTES
}

async function* joined(head: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* head
  yield* rest
}
