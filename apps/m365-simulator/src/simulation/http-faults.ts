import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FaultAnswer } from '../faults/answers.ts'
import { createChaos } from '../faults/chaos.ts'
import { concerns, type Endpoint, type HttpEffect, retryAfterValue } from '../faults/scenario.ts'
import { type Duration, pickMs } from '../faults/settings.ts'
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
    const matches = ({ endpoint, mailbox, grantType }: HttpEffect): boolean =>
      concerns(endpoint, facts.endpoint) &&
      (mailbox === undefined || mailbox === facts.mailbox) &&
      (grantType === undefined || grantType === facts.grantType)
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
