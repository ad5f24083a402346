import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answer, type FaultAnswer, graphAnswer, html, throttled, unavailable } from '../faults/answers.ts'
import { createChaos } from '../faults/chaos.ts'
import { concerns, type Endpoint, type HttpEffect, type RetryAfter, retryAfterValue } from '../faults/scenario.ts'
import { type Duration, type Fault, pickMs } from '../faults/settings.ts'
import type { Simulation } from './simulation.ts'

type Action = HttpEffect['do']
type SideEffect = Extract<Action, { action: 'delay' | 'add-headers' }>

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
    for (const { effect, off } of scenarios.takeAll((effect) => matches(effect) && isSideEffect(effect.do))) {
      const action = effect.do as SideEffect
      facts.scenarios.push(action.action)
      if (action.action === 'add-headers') Object.assign(facts.addHeaders, headersOf(action))
      else await wait(pickMs(action.delayMs), undefined, { signal: off }).catch(() => {})
    }
    const effect = scenarios.take('http', (effect) => matches(effect) && !isSideEffect(effect.do))
    if (effect !== null) {
      facts.scenarios.push(effect.do.action)
      apply(effect.do, request, reply)
    } else if (CHAOS_ENDPOINTS.has(facts.endpoint)) {
      applyChance(request, reply)
    }
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { after, addHeaders, retryAfterIfAccepted } = request.facts
    if (after === null) {
      reply.headers(addHeaders)
      if (retryAfterIfAccepted !== null && reply.statusCode < 300) reply.header('retry-after', retryAfterIfAccepted)
      return payload
    }
    if (after.action === 'answer') {
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
      const body = writeAnswer(after, reply)
      reply.headers(addHeaders)
      return body
    }
    if (after.action === 'reset') request.raw.socket.resetAndDestroy()
    // A promise that never resolves keeps the response from being written, until its connection ends.
    return new Promise(() => {})
  })

  const latencyOf = ({ url, facts: { endpoint } }: FastifyRequest): Duration => {
    if (endpoint === 'upload-range') return settings.current.uploadLatencyMs
    return endpoint !== null && url.startsWith('/v1.0/') ? settings.current.latencyMs : 0
  }

  const applyChance = (request: FastifyRequest, reply: FastifyReply): void => {
    const { facts } = request
    const { fault, retryAfter } = draw()
    if (fault === null) {
      if (retryAfter !== null) facts.retryAfterIfAccepted = retryAfterValue(retryAfter, clock())
      return
    }
    facts.scenarios.push(fault)
    if (fault === 'tokenRevoked') facts.revokeToken?.()
    else apply(ACTIONS[fault](retryAfter), request, reply)
  }

  const apply = (action: Action, request: FastifyRequest, reply: FastifyReply): void => {
    if ('when' in action && action.when === 'after') {
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
    const isText = typeof action.body === 'string'
    reply.code(action.status).headers(headersOf(action))
    if (!isText) reply.type('application/json')
    return isText ? (action.body as string) : JSON.stringify(action.body)
  }

  const headersOf = ({ headers, retryAfter }: Extract<Action, { headers: object }>): Record<string, string> =>
    retryAfter === undefined ? headers : { ...headers, 'retry-after': retryAfterValue(retryAfter, clock()) }
}

const ACTIONS: Readonly<Record<Exclude<Fault, 'tokenRevoked'>, (retryAfter: RetryAfter | null) => Action>> = {
  throttled: (retryAfter) => throttled('ApplicationThrottled', retryAfter),
  unavailable: (retryAfter) => unavailable(retryAfter),
  internalError: () => answer(500, {}),
  badGateway: () => html(502, 'Bad Gateway'),
  gatewayTimeoutBefore: () => graphAnswer(504, 'UnknownError', ''),
  gatewayTimeoutAfter: () => ({ ...graphAnswer(504, 'UnknownError', ''), when: 'after' }),
  resetBefore: () => ({ action: 'reset', when: 'before' }),
  resetAfter: () => ({ action: 'reset', when: 'after' }),
  hangBefore: () => ({ action: 'hang', when: 'before' }),
  hangAfter: () => ({ action: 'hang', when: 'after' }),
}

function isSideEffect({ action }: Action): boolean {
  return action === 'delay' || action === 'add-headers'
}
