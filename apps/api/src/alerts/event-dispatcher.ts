import type { MessageEvent } from '@inforiver-mail/contract/message-event'
import type { WebhookAttempt } from '@inforiver-mail/contract/webhook'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../clock.ts'
import { startPolling, type Polling } from '../polling.ts'
import type { Events, StoredEvent } from '../queue/events.ts'
import type { AttemptWebhook } from './alert-dispatcher.ts'
import type { ClaimedRetries, EventStream, EventStreamStore } from './event-stream-store.ts'
import { eventBody } from './webhook-body.ts'
import { GONE, pauseAfter } from './webhook-schedule.ts'
import type { WebhookPlaces } from './webhook-places.ts'
import type { WebhookTarget } from './webhook-target.ts'

const POLL_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 10_000
/** Streams and webhooks with retries that are sent to at a time: twice as many as ten webhooks that do not answer have. */
const MAX_UNDER_WAY = 40
const MOST_DUE = 100
const MOST_REMEMBERED = 1_000
const READ_AT_ONCE = 20
/** What is sent from one reading ends early after a failure, or this long: its lease lasts a minute. */
const SENT_WITHIN_MS = 5_000
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 5 * 60_000
const LEASE_BYTES = 16
/** How far the position has to be ahead to be recorded for the sake of skipped events alone, in microseconds. */
const RECORD_SKIPPED_AFTER = 60_000_000

export interface EventDispatcher {
  start(): void
  /** Aborts the requests under way; they are repeated. */
  stop(): Promise<void>
}

interface Tried {
  readonly stored: StoredEvent
  readonly attempt: WebhookAttempt
}

/** Sends events to the webhooks; any number of processes share the work. */
export function createEventDispatcher({
  store,
  events,
  attempt,
  places,
  chance,
  random,
  timers,
  logger,
  pollEveryMs = POLL_EVERY_MS,
}: {
  store: EventStreamStore
  events: Pick<Events, 'ends' | 'read' | 'find'>
  attempt: AttemptWebhook
  places: WebhookPlaces
  /** Returns a number between 0 and 1, for jitter. */
  chance: () => number
  random: RandomBytes
  timers: Timers
  logger: FastifyBaseLogger
  pollEveryMs?: number
}): EventDispatcher {
  /** What is under way, by the id of the stream with new events, or of the webhook for its retries or one of its replays. */
  const underWay = new Map<string, Promise<void>>()
  /** Positions up to which streams have nothing to send, of which few are written down. */
  const leftOut = new Map<string, number>()
  let polling: Polling | null = null

  return {
    start() {
      polling = startPolling(dispatch, {
        timers,
        afterFailureMs: AFTER_FAILURE_MS,
        onFailure: (error) => logger.warn({ err: error }, 'events could not be delivered; trying again'),
      })
    },
    async stop() {
      await polling?.stop()
      await Promise.all(underWay.values())
    },
  }

  async function dispatch(signal: AbortSignal): Promise<number> {
    const streams = await store.listDue({ limit: MOST_DUE, except: [...underWay.keys()] })
    const ends = await events.ends([...new Set(streams.map(({ webhook }) => webhook.tenantId))])
    if (leftOut.size > MOST_REMEMBERED) leftOut.clear()
    for (const stream of streams.filter((each) => !isReplay(each))) {
      const end = ends.get(stream.webhook.tenantId) ?? 0
      // The events that were left out may be lost in a failover, and others come before their positions.
      if (end < positionIn(stream)) leftOut.delete(stream.id)
      if (free() > 0 && end > positionIn(stream)) begin(stream.id, () => sendNext(stream, signal))
    }
    for (const retry of await store.claimRetries({ webhooks: free(), each: 1, except: [...underWay.keys()] }))
      begin(retry.webhook.id, () => sendAgain(retry, signal))
    for (const stream of streams.filter(isReplay))
      if (free() > 0 && !underWay.has(stream.webhook.id)) begin(stream.webhook.id, () => sendNext(stream, signal))
    return pollEveryMs
  }

  function isReplay({ filter }: EventStream): boolean {
    return filter.endsAt != null
  }

  function free(): number {
    return MAX_UNDER_WAY - underWay.size
  }

  function begin(id: string, work: () => Promise<boolean>): void {
    const done = work()
      .catch((error: unknown) => {
        logger.error({ err: error, stream: id }, 'events for a webhook could not be handled')
        return false
      })
      .then((more) => {
        underWay.delete(id)
        if (more) polling?.wake()
      })
    underWay.set(id, done)
  }

  function positionIn({ id, position }: EventStream): number {
    return Math.max(position, leftOut.get(id) ?? 0)
  }

  /** Returns whether the stream may have more to send now. */
  async function sendNext(stream: EventStream, signal: AbortSignal): Promise<boolean> {
    const { webhook, filter, failures } = stream
    // While nothing arrives, one event at a time finds out whether the webhook answers again.
    const limit = failures > 0 ? 1 : READ_AT_ONCE
    const page = await events.read(webhook.tenantId, { position: positionIn(stream), mark: null }, limit, filter)
    if (page === null) return false
    if (page.events.length === 0) {
      leftOut.set(stream.id, page.next.position)
      if (page.ended && filter.endsAt != null) await store.end(stream)
      else if (!page.ended || page.next.position - stream.position > RECORD_SKIPPED_AFTER)
        await store.move(stream, page.next.position)
      return !page.ended
    }
    const lease = random(LEASE_BYTES).toString('hex')
    if (!(await store.claim(stream, lease))) return false
    const tried = isReplay(stream)
      ? await places.beside(webhook.id, () => send(webhook, page.events, 1, signal))
      : await places.withNew(webhook.id, (atOnce) => send(webhook, page.events, atOnce, signal))
    const arrived = tried.some(({ attempt: { outcome } }) => outcome === 'delivered')
    const nowFailures = arrived ? 0 : failures + Math.min(tried.length, 1)
    await store.settle(stream, lease, {
      position: tried.at(-1)?.stored.position ?? stream.position,
      failures: nowFailures,
      waitMs: nowFailures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (nowFailures - 1), LONGEST_PAUSE_MS),
      attempt: tried.at(-1)?.attempt ?? null,
      retries: tried.flatMap(({ stored: { position }, attempt: { outcome, status } }) => {
        const waitMs = outcome === 'delivered' ? null : waitAfter(1, status)
        return waitMs === null ? [] : [{ position, waitMs }]
      }),
    })
    report(webhook, tried)
    return arrived
  }

  /** Returns whether more may be due. */
  async function sendAgain({ webhook, events: claimed }: ClaimedRetries, signal: AbortSignal): Promise<boolean> {
    const found = await events.find(
      webhook.tenantId,
      claimed.map(({ position }) => position),
    )
    const tried = await places.beside(webhook.id, () => send(webhook, found, 1, signal))
    const outcomes = claimed.flatMap(({ position, attempts }) => {
      if (!found.some((stored) => stored.position === position)) return [{ position, attempts, waitMs: null }] // not kept any more
      const own = tried.find(({ stored }) => stored.position === position)
      if (!own) return [] // interrupted: it is claimed again
      const { outcome, status } = own.attempt
      const waitMs = outcome === 'delivered' ? null : waitAfter(attempts, status)
      if (outcome !== 'delivered' && waitMs === null)
        logger.error({ webhook: webhook.id, event: own.stored.event.id, attempts }, 'an event was given up')
      return [{ position, attempts, waitMs }]
    })
    await store.settleRetries(webhook, outcomes, tried.at(-1)?.attempt ?? null)
    report(webhook, tried)
    return tried.some(({ attempt: { outcome } }) => outcome === 'delivered')
  }

  /**
   * Sends events, some at a time, until one does not arrive. Returns those that have an outcome, up to the first one that
   * was interrupted.
   */
  async function send(
    webhook: WebhookTarget,
    stored: readonly StoredEvent[],
    atOnce: number,
    signal: AbortSignal,
  ): Promise<Tried[]> {
    const startedAt = timers.elapsedMs()
    const tried: Tried[] = []
    for (let begun = 0; begun < stored.length; begun += atOnce) {
      const some = stored.slice(begun, begun + atOnce)
      const attempts = await Promise.all(some.map(({ event }) => sendOne(webhook, event, signal)))
      for (const [index, each] of some.entries()) {
        const own = attempts[index]
        if (!own) return tried
        tried.push({ stored: each, attempt: own })
      }
      const isFailing = attempts.some((each) => each?.outcome !== 'delivered')
      if (isFailing || timers.elapsedMs() - startedAt > SENT_WITHIN_MS) return tried
    }
    return tried
  }

  async function sendOne(
    webhook: WebhookTarget,
    event: MessageEvent,
    signal: AbortSignal,
  ): Promise<WebhookAttempt | null> {
    try {
      return await attempt(webhook, { id: event.id, type: event.type, body: eventBody(event) }, signal)
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }

  function waitAfter(attempts: number, status: number | null): number | null {
    return status === GONE ? null : pauseAfter(attempts, chance)
  }

  function report({ id }: WebhookTarget, tried: readonly Tried[]): void {
    const failed = tried.filter(({ attempt: { outcome } }) => outcome !== 'delivered')
    const { outcome, status } = failed[0]?.attempt ?? {}
    if (failed.length > 0)
      logger.warn({ webhook: id, events: tried.length, failed: failed.length, outcome, status }, 'events not delivered')
    else if (tried.length > 0) logger.info({ webhook: id, events: tried.length }, 'events delivered')
  }
}
