import type { Values } from '@inforiver-mail/contract/values'
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, preParsingHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { createBodyMemory, type BodyMemory } from '../memory/body-memory.ts'
import type { ByteBudget } from '../memory/byte-budget.ts'
import { SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import { createArrivingBody, type ArrivingBody, type Pace } from './arriving-body.ts'
import { say } from './problem-sentences.ts'
import { ProblemError } from './problem.ts'
import { isMultipart } from './read-multipart.ts'

interface Limits {
  /** How long a request may take to arrive, unless it is an upload. */
  readonly requestMs: number
  readonly uploadPace: Pace
  /** Stricter, because large JSON keeps others waiting for memory. */
  readonly largeJsonPace: Pace
  /** How long a body waits for memory. */
  readonly longestWaitMs: number
}

const LIMITS: Limits = {
  requestMs: 120_000,
  uploadPace: { bytes: 64 * 1024, ms: 120_000 },
  largeJsonPace: { bytes: 1, ms: 10_000 },
  longestWaitMs: 30_000,
}

/** How long a client that was too slow may take to read the answer before its connection is closed. */
const ANSWER_MS = 5_000

/** How the body of a request arrives, and the memory that it holds. */
interface Arrival extends Pick<BodyMemory, 'hold' | 'holdForStoring' | 'holdLargeJson'> {
  /**
   * Wraps the body: it waits for memory, and fails when the client is too slow. A small one that has arrived already, and
   * that there is memory for, is returned as it is.
   */
  read(payload: Readable): Readable
  /** Whether the connection stays open after a refusal, for the rest of the body. */
  keepsConnection(): boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    arrival: Arrival
  }
}

/**
 * Bounds the memory and the time that request bodies take. A body holds no memory until it is read, so that a stranger,
 * who is refused before that, delays nobody. A request has two minutes to arrive. An upload may take longer as long as it
 * keeps up the pace; it counts as one when its route reads it, which requires an authenticated caller.
 */
export const requestBodies = fp<Partial<Limits> & { budget: ByteBudget }>(
  async (app, { budget, ...changed }) => {
    const limits = { ...LIMITS, ...changed }
    app.decorateRequest('arrival', null as unknown as Arrival) // set for each request
    app.addHook('onRequest', (request, reply, done) => {
      request.arrival = createArrival(request, reply, budget, limits)
      done()
    })
    const readBody: preParsingHookHandler = ({ arrival, method }, _reply, payload, done) =>
      done(null, WITHOUT_BODY.has(method) ? payload : arrival.read(payload as Readable))
    // This is the last hook of a route, after the caller was authenticated: by then most small bodies have arrived.
    app.addHook('onRoute', (route) => {
      route.preParsing = [route.preParsing ?? [], readBody].flat()
    })
    app.addHook('preParsing', function (request, reply, payload, done) {
      if (request.is404) readBody.call(this, request, reply, payload, done)
      else done(null, payload)
    })
    // Fastify closes the connection after any body that failed.
    app.addHook('onSend', ({ arrival }, reply, _payload, done) => {
      if (arrival.keepsConnection()) reply.removeHeader('connection')
      done()
    })
  },
  { name: 'request-bodies' },
)

/** Fastify does not read their bodies. */
const WITHOUT_BODY = new Set(['GET', 'HEAD'])

function createArrival(request: FastifyRequest, reply: FastifyReply, budget: ByteBudget, limits: Limits): Arrival {
  const { raw } = request
  const { longestWaitMs } = limits
  const memory = createBodyMemory(budget, { longestWaitMs, timeoutError: () => new OutOfMemoryError(longestWaitMs) })
  let body: ArrivingBody | null = null
  let pace: Pace | null = null
  let keepsConnection = false
  let timer: NodeJS.Timeout | undefined = endLater()
  raw.on('close', () => clearTimeout(timer))
  reply.raw.on('close', () => {
    memory.release()
    body?.stream.destroy()
    // Once it is answered, an upload has no more time than other requests.
    if (timer === undefined && !raw.complete && !raw.destroyed) timer = endLater()
  })

  function endLater(): NodeJS.Timeout {
    const seconds = limits.requestMs / 1_000
    return setTimeout(() => end('request-late', { seconds }), limits.requestMs)
  }

  /** Fails the body, with an answer if that is still possible. */
  function end(why: 'request-late' | 'request-stopped' | 'request-slow', facts: Values): void {
    if (raw.complete) return
    if (body === null || body.stream.destroyed || reply.sent) {
      raw.destroy()
      return
    }
    reply.header('connection', 'close')
    body.stream.destroy(new ProblemError('unavailable', say([why, 'nothing-stored'], facts)))
    clearTimeout(timer)
    timer = setTimeout(() => raw.destroy(), ANSWER_MS)
  }

  function endSlow({ bytes, ms }: Pace): void {
    const seconds = ms / 1_000
    if (bytes === 1) end('request-stopped', { seconds })
    else end('request-slow', { bytes, seconds })
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
   * Once a body proves to be large, it asks for all the memory it may need at once. Bodies that asked bit by bit could
   * wait for each other for ever.
   */
  function createJsonBody(payload: Readable): ArrivingBody {
    const mostBytes = mostBytesOf(request)
    let arrivedBytes = 0
    let heldBytes = 0
    let reportArrived = (_bytes: number) => {}
    const arriving = createArrivingBody(payload, {
      onStart() {},
      admit(bytes) {
        arrivedBytes += bytes
        if (arrivedBytes <= heldBytes || heldBytes === mostBytes) return undefined
        return hold()?.catch(refuse)
      },
      pace: () => pace,
      onTooSlow: endSlow,
    })
    arriving.stream.once('end', () => reportArrived(arrivedBytes))
    return arriving

    function hold(): Promise<void> | undefined {
      const isLarge = arrivedBytes > SMALL_BODY_BYTES
      const bytes = (isLarge ? mostBytes : Math.min(mostBytes, SMALL_BODY_BYTES)) - heldBytes
      heldBytes += bytes
      return isLarge ? holdLarge(bytes) : memory.holdSmallJson(bytes)
    }

    async function holdLarge(bytes: number): Promise<void> {
      const arrived = await holdLargeJson(bytes)
      reportArrived = (all) => arrived(all - (heldBytes - bytes))
    }
  }

  /** Holds memory for small parts only; larger parts hold their own. */
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
        return memory.holdSmallJson(SMALL_BODY_BYTES)?.catch(refuse)
      },
      pace: () => pace,
      onTooSlow: endSlow,
    })
  }

  function holdIfArrived(): boolean {
    const bytes = raw.readableLength
    const hasArrived = !raw.destroyed && bytes === Number(raw.headers['content-length'])
    return hasArrived && bytes <= SMALL_BODY_BYTES && memory.holdSmallJsonAtOnce(bytes)
  }

  function refuse(error: unknown): never {
    keepsConnection = error instanceof OutOfMemoryError
    throw error
  }

  return {
    ...memory,
    holdLargeJson,
    read(payload) {
      const isUploading = isUpload(request)
      if (!isUploading && holdIfArrived()) return payload
      body = isUploading ? createUploadBody(payload) : createJsonBody(payload)
      return body.stream
    },
    keepsConnection: () => keepsConnection,
  }
}

/** The request waited too long for memory. */
class OutOfMemoryError extends ProblemError {
  constructor(longestWaitMs: number) {
    super('unavailable', say('no-memory', { seconds: longestWaitMs / 1_000 }))
  }
}

function isUpload({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.serves?.takesAttachments === true && isMultipart(headers['content-type'])
}

/** The most bytes that the body can have. */
export function mostBytesOf({ headers, routeOptions }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return routeOptions.bodyLimit
  return Math.min(Number(headers['content-length'] ?? 0), routeOptions.bodyLimit)
}
