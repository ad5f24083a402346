import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { revokePresentedToken } from '../graph/caller.ts'
import type { Simulation } from '../simulation.ts'
import { revokeUploadToken } from '../uploads/upload-routes.ts'
import { createDice } from './dice.ts'
import { pickMs } from './duration.ts'
import { CHAOS_ENDPOINTS, type Endpoint, GRAPH_ENDPOINTS } from './endpoints.ts'
import { html, throttled, unavailable, unknownError } from './failures.ts'
import { retryAfterValue } from './retry-after.ts'
import { concerns, type Effect, type HttpEffect, type RetryAfter } from './scenario.ts'
import type { Duration, Fault } from './settings.ts'

type Action = HttpEffect['do']

/**
 * Lets scenarios and chance answer, delay, hang or cut a request, before it is processed or after. Works on every route
 * that names its endpoint; runs once the body has been read, so that the client is done sending in either case.
 */
export function applyHttpEffects(app: FastifyInstance, simulation: Simulation): void {
  const { scenarios, settings, clock } = simulation
  const dice = createDice(settings)

  app.addHook('preHandler', async (request, reply) => {
    const { facts } = request
    const latencyMs = latencyOf(facts.endpoint)
    if (latencyMs !== 0) await wait(pickMs(latencyMs))
    const fits = fitting(request)
    for (const { effect, off } of scenarios.takeAll((effect) => fits(effect) && isSideEffect(effect.do))) {
      const action = (effect as HttpEffect).do
      facts.scenarios.push(action.action)
      if (action.action === 'delay') await wait(pickMs(action.delayMs), undefined, { signal: off }).catch(() => {})
      if (action.action === 'add-headers') Object.assign(facts.addHeaders, headersOf(action))
    }
    const effect = scenarios.take((effect) => fits(effect) && !isSideEffect(effect.do)) as HttpEffect | null
    if (effect !== null) {
      facts.scenarios.push(effect.do.action)
      apply(effect.do, request, reply)
    } else if (CHAOS_ENDPOINTS.has(facts.endpoint)) {
      leaveToChance(request, reply)
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
      reply.code(after.status).headers({ ...headersOf(after), ...addHeaders })
      const body = bodyOf(after)
      if (typeof after.body !== 'string') reply.type('application/json')
      return body
    }
    if (after.action === 'reset') request.raw.socket.resetAndDestroy()
    // Never resolved: the answer is never written, and goes with its connection.
    return new Promise(() => {})
  })

  const latencyOf = (endpoint: Endpoint | null): Duration => {
    if (endpoint === 'upload-range') return settings.current.uploadLatencyMs
    return GRAPH_ENDPOINTS.has(endpoint) ? settings.current.latencyMs : 0
  }

  const leaveToChance = (request: FastifyRequest, reply: FastifyReply): void => {
    const { fault, retryAfter } = dice.throw()
    if (fault === null) {
      if (retryAfter !== null) request.facts.retryAfterIfAccepted = retryAfterValue(retryAfter, clock())
      return
    }
    request.facts.scenarios.push(fault)
    if (fault !== 'tokenRevoked') apply(ACTIONS[fault](retryAfter), request, reply)
    else if (request.facts.endpoint === 'upload-range') revokeUploadToken(request, reply)
    else revokePresentedToken(request, reply, simulation, 'revoked')
  }

  const apply = (action: Action, request: FastifyRequest, reply: FastifyReply): void => {
    if ('when' in action && action.when === 'after') {
      request.facts.after = action
    } else if (action.action === 'answer') {
      reply.code(action.status).headers(headersOf(action))
      if (typeof action.body !== 'string') reply.type('application/json')
      reply.send(bodyOf(action))
    } else {
      reply.hijack()
      if (action.action === 'reset') request.raw.socket.resetAndDestroy()
    }
  }

  const headersOf = ({ headers, retryAfter }: Extract<Action, { headers: object }>): Record<string, string> =>
    retryAfter === undefined ? headers : { ...headers, 'retry-after': retryAfterValue(retryAfter, clock()) }
}

const ACTIONS: Readonly<Record<Exclude<Fault, 'tokenRevoked'>, (retryAfter: RetryAfter | null) => Action>> = {
  throttled: (retryAfter) => throttled('ApplicationThrottled', retryAfter ?? undefined),
  unavailable: (retryAfter) => unavailable(retryAfter ?? undefined),
  internalError: () => ({ action: 'answer', when: 'before', status: 500, headers: {}, body: {} }),
  badGateway: () => html(502, 'Bad Gateway'),
  gatewayTimeoutBefore: () => unknownError(504, 'before'),
  gatewayTimeoutAfter: () => unknownError(504, 'after'),
  resetBefore: () => ({ action: 'reset', when: 'before' }),
  resetAfter: () => ({ action: 'reset', when: 'after' }),
  hangBefore: () => ({ action: 'hang', when: 'before' }),
  hangAfter: () => ({ action: 'hang', when: 'after' }),
}

function fitting(request: FastifyRequest): (effect: Effect) => effect is HttpEffect {
  const { endpoint, mailbox, grantType } = request.facts
  return (effect): effect is HttpEffect =>
    effect.kind === 'http' &&
    concerns(effect.endpoint, endpoint) &&
    (effect.mailbox === undefined || effect.mailbox === mailbox) &&
    (effect.grantType === undefined || effect.grantType === grantType)
}

function isSideEffect(action: Action): boolean {
  return action.action === 'delay' || action.action === 'add-headers'
}

function bodyOf(action: Extract<Action, { action: 'answer' }>): string {
  return typeof action.body === 'string' ? action.body : JSON.stringify(action.body)
}
