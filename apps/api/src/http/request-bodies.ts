import type { Values } from '@inforiver-mail/contract/values'
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, preParsingHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { createBodyMemory, type BodyMemory, type FreeUnused } from '../memory/body-memory.ts'
import type { BodyBudget } from '../memory/body-budget.ts'
import { SMALL_BODY_BYTES } from '../memory/memory-use.ts'
import type { Holder } from '../memory/shares.ts'
import { createArrivingBody, type ArrivingBody, type Pace } from './arriving-body.ts'
import { ProblemError, type Said, say } from './problem.ts'
import { isMultipart } from './read-multipart.ts'

interface Limits {
  /** How long a request may take to arrive, unless it is an upload. */
  readonly requestMs: number
  readonly uploadPace: Pace
  /** Stricter, because large JSON holds much memory. */
  readonly largeJsonPace: Pace
  /** How long a chunk waits for memory until it can be stored. */
  readonly longestWaitMs: number
}

const LIMITS: Limits = {
  requestMs: 120_000,
  uploadPace: { bytes: 64 * 1024, ms: 120_000 },
  largeJsonPace: { bytes: 1, ms: 10_000 },
  longestWaitMs: 30_000,
}

/** How the body of a request arrives, and the memory that it holds. */
interface Arrival extends Pick<BodyMemory, 'hold' | 'holdForStoring' | 'holdLargeJson'> {
  /**
   * Wraps the body: it fails where there is no memory for it, and when the client is too slow. A small one that has arrived
   * already is returned as it is.
   *
   * @throws {ProblemError} where there is no memory for that
   */
  read(payload: Readable): Readable
}

declare module 'fastify' {
  interface FastifyRequest {
    arrival: Arrival
    /** Whose share of what callers share this request counts for. Whoever admits its caller sets it. */
    holder: Holder
  }
}

/**
 * Bounds the memory and the time that request bodies take. A body holds no memory until it is read, so that a stranger,
 * who is refused before that, delays nobody. A request has two minutes to arrive. An upload may take longer as long as it
 * keeps up the pace; it counts as one when its route reads it, which requires an authenticated caller.
 */
export const requestBodies = fp<Partial<Limits> & { budget: BodyBudget }>(
  async (app, { budget, ...changed }) => {
    const limits = { ...LIMITS, ...changed }
    app.decorateRequest('arrival', null as unknown as Arrival) // set for each request
    app.decorateRequest('holder', 'strangers')
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
  },
  { name: 'request-bodies' },
)

/** Fastify does not read their bodies. */
const WITHOUT_BODY = new Set(['GET', 'HEAD'])

function createArrival(request: FastifyRequest, reply: FastifyReply, budget: BodyBudget, limits: Limits): Arrival {
  const { raw } = request
  const { longestWaitMs } = limits
  const memory = createBodyMemory(budget, {
    holder: () => request.holder,
    longestWaitMs,
    timeoutError: () => new ProblemError('unavailable', say('no-memory', { seconds: longestWaitMs / 1_000 })),
    shareError: (holder) => new ProblemError('unavailable', sayMemoryShare(budget, holder)),
  })
  let body: ArrivingBody | null = null
  let pace: Pace | null = null
  let timer: NodeJS.Timeout | undefined = endLater()
  raw.on('close', () => clearTimeout(timer))
  reply.raw.on('close', () => {
    memory.release()
    body?.stream.destroy()
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
    body.stream.destroy(new ProblemError('unavailable', say([why, 'nothing-stored'], facts)))
  }

  function endSlow({ bytes, ms }: Pace): void {
    const seconds = ms / 1_000
    if (bytes === 1) end('request-stopped', { seconds })
    else end('request-slow', { bytes, seconds })
  }

  /** Expects a pace as long as memory for large JSON is held. */
  function hurry(freeUnused: FreeUnused): FreeUnused {
    const before = pace
    expectPace(limits.largeJsonPace)
    return (bytes) => {
      expectPace(before)
      freeUnused(bytes)
    }
  }

  function expectPace(changed: Pace | null): void {
    pace = changed
    body?.restartPace()
  }

  /** Once a body proves to be large, it asks for all the memory it may need, so that it is refused early or not at all. */
  function createJsonBody(payload: Readable): ArrivingBody {
    const mostBytes = mostBytesOf(request)
    let arrivedBytes = 0
    let heldBytes = 0
    let freeUnused: FreeUnused = () => {}
    const arriving = createArrivingBody(payload, {
      onStart() {},
      admit(bytes) {
        arrivedBytes += bytes
        if (arrivedBytes <= heldBytes || heldBytes === mostBytes) return
        const isLarge = arrivedBytes > SMALL_BODY_BYTES
        heldBytes = isLarge ? mostBytes : Math.min(mostBytes, SMALL_BODY_BYTES)
        if (isLarge) freeUnused = hurry(memory.becomeLargeJson(mostBytes))
        else memory.holdSmallJson(heldBytes)
      },
      pace: () => pace,
      onTooSlow: endSlow,
    })
    arriving.stream.once('end', () => freeUnused(arrivedBytes))
    return arriving
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
        if (held) return
        held = true
        memory.holdSmallJson(SMALL_BODY_BYTES)
      },
      pace: () => pace,
      onTooSlow: endSlow,
    })
  }

  function hasArrivedSmall(): boolean {
    const bytes = raw.readableLength
    return !raw.destroyed && bytes === Number(raw.headers['content-length']) && bytes <= SMALL_BODY_BYTES
  }

  return {
    ...memory,
    holdLargeJson: (mostBytes) => hurry(memory.holdLargeJson(mostBytes)),
    read(payload) {
      const isUploading = isUpload(request)
      if (!isUploading && hasArrivedSmall()) {
        memory.holdSmallJson(raw.readableLength)
        return payload
      }
      body = isUploading ? createUploadBody(payload) : createJsonBody(payload)
      return body.stream
    },
  }
}

/** Explains that there is no memory for more of a holder, by whichever protocol it comes. */
export function sayMemoryShare(budget: BodyBudget, holder: Holder): Said {
  const facts = { heldBytes: budget.heldBy(holder), totalBytes: budget.totalBytes }
  return say(['memory-share', 'share-rule', 'nothing-stored'], facts)
}

function isUpload({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.serves?.takesAttachments === true && isMultipart(headers['content-type'])
}

/** The most bytes that the body can have. */
export function mostBytesOf({ headers, routeOptions }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return routeOptions.bodyLimit
  return Math.min(Number(headers['content-length'] ?? 0), routeOptions.bodyLimit)
}
