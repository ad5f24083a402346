import { listMessageEvents, MessageEventType } from '@inforiver-mail/contract/message-event'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import { takePlace } from '../http/take-place.ts'
import { createPlaces } from '../memory/shares.ts'
import type { Actor } from '../queue/actor.ts'
import { BEFORE_ALL_EVENTS, eventIdOf, placeOf, type EventPlace, type Events } from '../queue/records/events.ts'
import { createEventWaiters } from './event-waiters.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

interface Options {
  readonly requireServiceOrAdmin: (scope: Scope) => (request: FastifyRequest) => Promise<Actor>
  readonly events: Events
  readonly elapsedMs: () => number
  readonly timers: Timers
}

/** So many requests may wait for events at a time. */
const WAITING_AT_ONCE = 100
const FROM_THE_OLDEST = '0'
const UNKNOWN_PLACE = fault('event-unknown')

/** The feed of what became of messages. */
export const eventRoutes: FastifyPluginAsync<Options> = async (app, options) => {
  const { requireServiceOrAdmin, events, elapsedMs, timers } = options
  const stopping = new AbortController()
  const waiters = createEventWaiters({
    events,
    timers,
    onFailure: (error) => app.log.warn({ err: error }, 'new events could not be looked for; trying again'),
  })
  const places = createPlaces(WAITING_AT_ONCE)
  app.addHook('preClose', async () => {
    stopping.abort() // whoever waits is answered
    await waiters.stop()
  })

  const requireReader = requireServiceOrAdmin(listMessageEvents.scope)
  route(app, listMessageEvents, requireReader, async ({ caller: { tenantId, service }, query, request, reply }) => {
    const { after, types = MessageEventType.options, limit, waitSeconds } = query
    const filter = { types, services: service === null ? null : [service] }
    const left = new AbortController()
    reply.raw.once('close', () => left.abort())
    const signal = AbortSignal.any([stopping.signal, left.signal])
    const waitsUntil = elapsedMs() + waitSeconds * 1_000
    let place = after === undefined ? await events.end(tenantId) : parsePlace(after)
    let stopWaiting: (() => void) | null = null
    try {
      for (;;) {
        const page = await events.read(tenantId, place, limit, filter)
        if (page === null) throw unknownPlace()
        const ms = waitsUntil - elapsedMs()
        if (page.events.length > 0 || ms <= 0 || signal.aborted) {
          // Whoever has waited may have lost the right meanwhile: a session ends, a key is revoked.
          if (stopWaiting !== null && page.events.length > 0) await requireReader(request)
          return { items: page.events.map(({ event }) => event), next: writePlace(page.next) }
        }
        place = page.next
        stopWaiting ??= takePlace(places, request, 'no-place-to-wait')
        if (page.ended) await waiters.wait(tenantId, place.position, { ms, signal })
      }
    } finally {
      stopWaiting?.()
    }
  })
}

function parsePlace(after: string): EventPlace {
  if (after === FROM_THE_OLDEST) return BEFORE_ALL_EVENTS
  const place = placeOf(after)
  if (Number.isSafeInteger(place.position)) return place
  throw unknownPlace()
}

function writePlace({ position, mark }: EventPlace): string {
  return mark === null ? FROM_THE_OLDEST : eventIdOf({ position, mark })
}

function unknownPlace(): ProblemError {
  return new ProblemError('invalid-input', `after: ${UNKNOWN_PLACE}`, {
    errors: [{ path: 'after', message: UNKNOWN_PLACE }],
  })
}
