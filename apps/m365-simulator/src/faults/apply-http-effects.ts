import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Simulation } from '../simulation.ts'
import type { Effect, HttpEffect } from './scenario.ts'

type Action = HttpEffect['do']

/**
 * Lets scenarios answer, delay, hang or cut a request, before it is processed or after. Works on every route that
 * names its endpoint; runs once the body has been read, so that the client is done sending in either case.
 */
export function applyHttpEffects(app: FastifyInstance, { scenarios }: Simulation): void {
  app.addHook('preHandler', async (request, reply) => {
    const fits = fitting(request)
    for (const effect of scenarios.takeAll((effect) => fits(effect) && isSideEffect(effect.do))) {
      const action = (effect as HttpEffect).do
      request.facts.scenarios.push(action.action)
      if (action.action === 'delay') await wait(action.delayMs)
      if (action.action === 'add-headers') Object.assign(request.facts.addHeaders, action.headers)
    }
    const effect = scenarios.take((effect) => fits(effect) && !isSideEffect(effect.do)) as HttpEffect | null
    if (effect === null) return
    request.facts.scenarios.push(effect.do.action)
    if ('when' in effect.do && effect.do.when === 'after') request.facts.after = effect.do
    else perform(effect.do, request, reply)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { after, addHeaders } = request.facts
    if (after === null) {
      reply.headers(addHeaders)
      return payload
    }
    if (after.action === 'answer') {
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
      reply.code(after.status).headers({ ...after.headers, ...addHeaders })
      const body = bodyOf(after)
      if (typeof after.body !== 'string') reply.type('application/json')
      return body
    }
    if (after.action === 'reset') request.raw.socket.resetAndDestroy()
    // Never resolved: the answer is never written, and goes with its connection.
    return new Promise(() => {})
  })
}

function fitting(request: FastifyRequest): (effect: Effect) => effect is HttpEffect {
  const { endpoint, mailbox, grantType } = request.facts
  return (effect): effect is HttpEffect =>
    effect.kind === 'http' &&
    endpoint !== null &&
    (effect.endpoint === 'any' || effect.endpoint === endpoint) &&
    (effect.mailbox === undefined || effect.mailbox === mailbox) &&
    (effect.grantType === undefined || effect.grantType === grantType)
}

function isSideEffect(action: Action): boolean {
  return action.action === 'delay' || action.action === 'add-headers'
}

function perform(action: Action, request: FastifyRequest, reply: FastifyReply): void {
  if (action.action === 'answer') {
    reply.code(action.status).headers(action.headers)
    if (typeof action.body !== 'string') reply.type('application/json')
    reply.send(bodyOf(action))
    return
  }
  reply.hijack()
  if (action.action === 'reset') request.raw.socket.resetAndDestroy()
}

function bodyOf(action: Extract<Action, { action: 'answer' }>): string {
  return typeof action.body === 'string' ? action.body : JSON.stringify(action.body)
}
