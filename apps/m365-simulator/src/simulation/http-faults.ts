import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type FaultAnswer,
  GATEWAY_TIMEOUT_AFTER,
  RESET_AFTER,
  RESET_BEFORE,
  throttled,
  unavailable,
} from '../faults/presets.ts'
import { concerns, type Endpoint, type HttpEffect, type RetryAfter, retryAfterValue } from '../faults/scenario.ts'
import {
  type Duration,
  type Fault,
  FAULT_NAMES,
  pickMs,
  type Settings,
  type SettingsHolder,
} from '../faults/settings.ts'
import type { Simulation } from './simulation.ts'

type Action = HttpEffect['do']

/** The endpoints that a chaos run breaks. */
const CHAOS_ENDPOINTS: ReadonlySet<Endpoint | null> = new Set([
  'sendMail',
  'draft-create',
  'draft-attach',
  'draft-send',
  'upload-session-create',
  'upload-range',
])

/**
 * Lets scenarios and chance answer, delay, hang or reset a request, before or after it is processed. Applies to every
 * route that names its endpoint, once the body has been read, so that the client has finished sending in either case.
 */
export function applyHttpFaults(app: FastifyInstance, { scenarios, settings, clock }: Simulation): void {
  const draw = createChaos(settings)

  app.addHook('preHandler', async (request, reply) => {
    const { facts } = request
    const latencyMs = latencyOf(request)
    if (latencyMs !== 0) await wait(pickMs(latencyMs), undefined, { ref: false })
    const matches = ({ endpoint, mailbox }: HttpEffect): boolean =>
      concerns(endpoint, facts.endpoint) && (mailbox === undefined || mailbox === facts.mailbox)
    for (const { delayMs, off } of scenarios.takeDelays(matches)) {
      await wait(pickMs(delayMs), undefined, { signal: off }).catch(() => {})
    }
    const effect = scenarios.take('http', (effect) => matches(effect) && effect.do.action !== 'delay')
    if (effect !== null) apply(effect.do, request, reply)
    else if (CHAOS_ENDPOINTS.has(facts.endpoint)) apply(draw(), request, reply)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { after } = request.facts
    if (after === null) return payload
    if (after.action === 'add-headers') {
      reply.headers(headersOf(after))
      return payload
    }
    if (after.action === 'answer') {
      dropHeaders(reply)
      return writeAnswer(after, reply)
    }
    if (after.action === 'reset') request.raw.socket.resetAndDestroy()
    // A promise that never resolves keeps the response from being written, until its connection ends.
    return new Promise(() => {})
  })

  const latencyOf = ({ url, facts: { endpoint } }: FastifyRequest): Duration => {
    if (endpoint === 'upload-range') return settings.current.uploadLatencyMs
    return endpoint !== null && url.startsWith('/v1.0/') ? settings.current.latencyMs : 0
  }

  const apply = (action: Action | null, request: FastifyRequest, reply: FastifyReply): void => {
    if (action === null) return
    if (action.action === 'add-headers' || ('when' in action && action.when === 'after')) {
      request.facts.after = action
    } else if (action.action === 'answer') {
      reply.send(writeAnswer(action, reply))
    } else {
      reply.hijack()
      if (action.action === 'reset') request.raw.socket.resetAndDestroy()
    }
  }

  /** Sets status and headers, and returns the body. */
  const writeAnswer = (action: FaultAnswer, reply: FastifyReply): string => {
    if (action.by === 'gateway') dropHeaders(reply)
    const isText = typeof action.body === 'string'
    reply.code(action.status).headers(headersOf(action))
    if (!isText) reply.type('application/json')
    return isText ? (action.body as string) : JSON.stringify(action.body)
  }

  const dropHeaders = (reply: FastifyReply): void => {
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
  }

  const headersOf = ({ headers, retryAfter }: Extract<Action, { headers: object }>): Record<string, string> =>
    retryAfter === undefined ? headers : { ...headers, 'retry-after': retryAfterValue(retryAfter, clock()) }
}

const ACTIONS: Readonly<Record<Fault, (retryAfter: RetryAfter | null) => HttpEffect['do']>> = {
  throttled,
  unavailable,
  gatewayTimeoutAfter: () => GATEWAY_TIMEOUT_AFTER,
  resetBefore: () => RESET_BEFORE,
  resetAfter: () => RESET_AFTER,
}

/** Returns what happens to each request at random; the same seed and order of requests give the same results. */
export function createChaos(settings: SettingsHolder): () => HttpEffect['do'] | null {
  let seededFor: Settings | null = null
  let random = mulberry32(0)
  return () => {
    const { current } = settings
    if (seededFor !== current) {
      seededFor = current
      random = mulberry32(current.faultSeed)
    }
    // Each draw takes the same count of numbers, so that changing one rate leaves the other decisions alone.
    const [which, form] = [random(), random()]
    let below = 0
    const fault = FAULT_NAMES.find((name) => which < (below += current.faultRates[name]))
    return fault === undefined ? null : ACTIONS[fault](pickForm(current, form))
  }
}

function pickForm({ retryAfterForm, retryAfterSeconds: seconds }: Settings, random: number): RetryAfter | null {
  const forms = ['seconds', 'http-date', 'none'] as const
  const form = retryAfterForm === 'mixed' ? (forms[Math.floor(random * forms.length)] ?? 'none') : retryAfterForm
  return form === 'none' ? null : { form, seconds }
}

/** Tommy Ettinger's generator, in the public domain; its 32 bits of state are enough for a chaos run. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
