import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { createBodyMemory, type BodyMemory } from '../memory/body-memory.ts'
import type { ByteBudget } from '../memory/byte-budget.ts'
import { SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import { createArrivingBody, type ArrivingBody, type Pace } from './arriving-body.ts'
import { ProblemError } from './problem.ts'
import { isMultipart } from './read-multipart.ts'

interface Limits {
  /** Within which a request arrives whole, unless it is an upload. */
  readonly requestMs: number
  readonly uploadPace: Pace
  /** Of large JSON: it keeps others waiting for memory. */
  readonly largeJsonPace: Pace
  /** For memory. */
  readonly longestWaitMs: number
}

const LIMITS: Limits = {
  requestMs: 120_000,
  uploadPace: { bytes: 64 * 1024, ms: 120_000 },
  largeJsonPace: { bytes: 1, ms: 10_000 },
  longestWaitMs: 30_000,
}

/** For the answer to a request that took too long; then its connection is closed. */
const ANSWER_MS = 5_000

/** How a request arrives, and what it holds of the memory for all bodies. */
interface Arrival extends Pick<BodyMemory, 'hold' | 'holdForStoring' | 'holdLargeJson'> {
  /** The body to be read: it waits for memory, and fails when it takes too long. */
  read(payload: Readable): Readable
  /** What is left of a refused body may still arrive. */
  readonly keepsConnection: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    arrival: Arrival
  }
}

/**
 * Bounds what requests take of memory and time. Nothing is held for a body that nobody reads, so that a stranger, who is
 * refused before that, keeps nobody waiting. A request has two minutes, whatever it says about itself. An upload has
 * longer while it goes on: it is one once its route reads it, for which its caller has to be admitted.
 */
export const requestBodies = fp<Partial<Limits> & { budget: ByteBudget }>(
  async (app, { budget, ...changed }) => {
    const limits = { ...LIMITS, ...changed }
    app.decorateRequest('arrival', null as unknown as Arrival) // each request gets its own
    app.addHook('onRequest', async (request, reply) => {
      request.arrival = createArrival(request, reply, budget, limits)
    })
    app.addHook('preParsing', async ({ arrival, method }, _reply, payload) =>
      WITHOUT_BODY.has(method) ? payload : arrival.read(payload as Readable),
    )
    // Fastify closes the connection after every body that could not be read.
    app.addHook('onSend', async ({ arrival }, reply) => {
      if (arrival.keepsConnection) reply.removeHeader('connection')
    })
  },
  { name: 'request-bodies' },
)

/** Fastify reads none of theirs. */
const WITHOUT_BODY = new Set(['GET', 'HEAD'])

function createArrival(request: FastifyRequest, reply: FastifyReply, budget: ByteBudget, limits: Limits): Arrival {
  const { raw } = request
  const { longestWaitMs } = limits
  const memory = createBodyMemory(budget, { longestWaitMs, timeoutError: () => new OutOfMemoryError(longestWaitMs) })
  let body: ArrivingBody | null = null
  let pace: Pace | null = null
  let keepsConnection = false
  let timer: NodeJS.Timeout | undefined = endLater()
  raw.once('close', () => clearTimeout(timer))
  reply.raw.once('close', () => {
    memory.release()
    body?.stream.destroy()
    // An upload has no more time than others once it is answered.
    if (timer === undefined && !raw.complete && !raw.destroyed) timer = endLater()
  })

  function endLater(): NodeJS.Timeout {
    const seconds = limits.requestMs / 1_000
    return setTimeout(() => end(`The request did not arrive within ${seconds} seconds.`), limits.requestMs)
  }

  /** With an answer where one is still possible. */
  function end(why: string): void {
    if (raw.complete) return
    if (body === null || body.stream.destroyed || reply.sent) {
      raw.destroy()
      return
    }
    reply.header('connection', 'close')
    body.stream.destroy(new ProblemError('unavailable', `${why} Nothing was stored; send it again.`))
    clearTimeout(timer)
    timer = setTimeout(() => raw.destroy(), ANSWER_MS)
  }

  function endSlow({ bytes, ms }: Pace): void {
    const seconds = ms / 1_000
    end(
      bytes === 1
        ? `Nothing of the request arrived for ${seconds} seconds.`
        : `Less than ${bytes} bytes of the request arrived within ${seconds} seconds.`,
    )
  }

  async function holdLargeJson(mostBytes: number): Promise<(bytes: number) => void> {
    const arrived = await memory.holdLargeJson(mostBytes)
    const before = pace
    expectPace(limits.largeJsonPace)
    return (bytes) => {
      expectPace(before)
      arrived(bytes)
    }
  }

  function expectPace(changed: Pace | null): void {
    pace = changed
    body?.restartPace()
  }

  /**
   * Memory is asked for once it is certain that a body is large, for all of it: bodies that wait for each other's memory
   * would not end.
   */
  function createJsonBody(payload: Readable): ArrivingBody {
    const mostBytes = mostBytesOf(request)
    let arrivedBytes = 0
    let heldBytes = 0
    let settle = (_bytes: number) => {}
    const arriving = createArrivingBody(payload, {
      onStart() {},
      admit(bytes) {
        arrivedBytes += bytes
        if (arrivedBytes <= heldBytes || heldBytes === mostBytes) return undefined
        return hold().catch(refuse)
      },
      pace: () => pace,
      onTooSlow: endSlow,
    })
    arriving.stream.once('end', () => settle(arrivedBytes))
    return arriving

    async function hold(): Promise<void> {
      const isLarge = arrivedBytes > SMALL_BODY_BYTES
      const bytes = (isLarge ? mostBytes : Math.min(mostBytes, SMALL_BODY_BYTES)) - heldBytes
      heldBytes += bytes
      if (!isLarge) return memory.holdSmallJson(bytes)
      const arrived = await holdLargeJson(bytes)
      settle = (all) => arrived(all - (heldBytes - bytes))
    }
  }

  /** Its parts hold what they need, but for those that are small. */
  function createUploadBody(payload: Readable): ArrivingBody {
    let held = false
    return createArrivingBody(payload, {
      onStart() {
        clearTimeout(timer)
        timer = undefined
        pace = limits.uploadPace
      },
      admit() {
        if (held) return undefined
        held = true
        return memory.holdSmallJson(SMALL_BODY_BYTES).catch(refuse)
      },
      pace: () => pace,
      onTooSlow: endSlow,
    })
  }

  function refuse(error: unknown): never {
    keepsConnection = error instanceof OutOfMemoryError
    throw error
  }

  return {
    ...memory,
    holdLargeJson,
    read(payload) {
      body = isUpload(request) ? createUploadBody(payload) : createJsonBody(payload)
      return body.stream
    },
    get keepsConnection() {
      return keepsConnection
    },
  }
}

/** The request waited too long for memory. */
class OutOfMemoryError extends ProblemError {
  constructor(longestWaitMs: number) {
    super(
      'unavailable',
      `Other large messages are arriving, and after ${longestWaitMs / 1_000} seconds there was still no memory for this one. Nothing was stored; try again in a moment, or send attachments as parts of a multipart/form-data body.`,
    )
  }
}

function isUpload({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.serves?.takesAttachments === true && isMultipart(headers['content-type'])
}

/** How long the body may turn out to be. */
export function mostBytesOf({ headers, routeOptions }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return routeOptions.bodyLimit
  return Math.min(Number(headers['content-length'] ?? 0), routeOptions.bodyLimit)
}
