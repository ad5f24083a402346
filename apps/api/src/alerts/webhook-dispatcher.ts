import type { WebhookAttempt, WebhookType } from '@inforiver-mail/contract/webhook'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { startPolling, type Polling } from '../runtime/polling.ts'
import type { Events, StoredEvent } from '../queue/records/events.ts'
import type { ClaimedDelivery, EventStream, OutboxStore } from './outbox-store.ts'
import type { AttemptWebhook, WebhookTarget } from './webhook-attempt.ts'
import { eventBody, webhookBody } from './webhook-body.ts'
import { GONE, pauseAfter } from './webhook-schedule.ts'

// Two requests at most are under way from a process to a webhook. One place is for new events alone. Alerts, events that are
// tried again and replays take the other one in this order, which new events use too as long as nothing else wants it.

const POLL_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 10_000
/** Streams and webhooks that are sent to at a time: twice as many as ten webhooks that do not answer have. */
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

interface Tried {
  readonly stored: StoredEvent
  readonly attempt: WebhookAttempt
}

/** Sends alerts and events to the webhooks; any number of processes share the work. */
export function createWebhookDispatcher({
  outbox,
  events,
  attempt,
  publicUrl,
  adminCenters,
  chance,
  random,
  timers,
  logger,
  pollEveryMs = POLL_EVERY_MS,
}: {
  outbox: OutboxStore
  events: Pick<Events, 'ends' | 'read' | 'find'>
  attempt: AttemptWebhook
  publicUrl: string
  adminCenters: AdminCenters
  /** Returns a number between 0 and 1, for jitter. */
  chance: () => number
  random: RandomBytes
  timers: Timers
  logger: FastifyBaseLogger
  pollEveryMs?: number
}) {
  /** What is under way, by the id of the stream with new events, or of the webhook for anything else. */
  const underWay = new Map<string, Promise<void>>()
  /** The webhooks whose new events have both places. */
  const taken = new Set<string>()
  /** Positions up to which streams have nothing to send. Only a few of them are stored. */
  const leftOut = new Map<string, number>()
  let polling: Polling | null = null

  return {
    start(): void {
      polling = startPolling(dispatch, {
        timers,
        afterFailureMs: AFTER_FAILURE_MS,
        onFailure: (error) => logger.warn({ err: error }, 'webhooks could not be sent to; trying again'),
      })
    },
    /** Aborts the requests under way; they are repeated. */
    async stop(): Promise<void> {
      await polling?.stop()
      await Promise.all(underWay.values())
    },
  }

  async function dispatch(signal: AbortSignal): Promise<number> {
    await outbox.publish()
    const streams = await outbox.listStreams({ limit: MOST_DUE, except: [...underWay.keys()] })
    const ends = await events.ends([...new Set(streams.map(({ webhook }) => webhook.tenantId))])
    const deliveries = await outbox.claim({ limit: free(), except: [...underWay.keys(), ...taken] })
    for (const delivery of deliveries) begin(delivery.webhook.id, () => deliver(delivery, signal))
    for (const stream of streams.filter(isReplay)) {
      const { id } = stream.webhook
      if (free() > 0 && !underWay.has(id) && !taken.has(id)) begin(id, () => sendNext(stream, 1, signal))
    }
    if (leftOut.size > MOST_REMEMBERED) leftOut.clear()
    for (const stream of streams.filter((each) => !isReplay(each))) {
      const end = ends.get(stream.webhook.tenantId) ?? 0
      // The events that were left out may be lost in a failover, and others come before their positions.
      if (end < positionIn(stream)) leftOut.delete(stream.id)
      if (free() > 0 && end > positionIn(stream)) begin(stream.id, () => sendNew(stream, signal))
    }
    return pollEveryMs
  }

  function isReplay({ filter }: EventStream): boolean {
    return filter.endsAt != null
  }

  function free(): number {
    return MAX_UNDER_WAY - underWay.size
  }

  /** @param work returns whether there may be more to send now */
  function begin(id: string, work: () => Promise<boolean>): void {
    const done = work()
      .catch((error: unknown) => {
        logger.error({ err: error, what: id }, 'a webhook could not be sent to')
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

  async function deliver(delivery: ClaimedDelivery, signal: AbortSignal): Promise<boolean> {
    const { webhook, what, attempts } = delivery
    const request = typeof what === 'number' ? await requestOf(webhook, what) : alertRequest(what)
    if (request === null) {
      await outbox.settle(delivery, null, null) // the event is not kept any more
      return true
    }
    const attempted = await attemptOne(webhook, request, signal)
    if (attempted === null) return false // interrupted: it is claimed again
    const waitMs = waitAfter(attempts, attempted)
    await outbox.settle(delivery, attempted, waitMs)
    const kind = typeof what === 'number' ? 'event' : 'alert'
    if (kind === 'event') report(webhook, [attempted])
    const isDelivered = attempted.outcome === 'delivered'
    if (waitMs === null && !isDelivered)
      logger.error({ webhook: webhook.id, [kind]: request.id, attempts }, `an ${kind} was given up`)
    return isDelivered
  }

  async function requestOf({ tenantId }: WebhookTarget, position: number): Promise<WebhookRequest | null> {
    const [stored] = await events.find(tenantId, [position])
    return stored ? eventRequest(stored) : null
  }

  function alertRequest(raised: Exclude<ClaimedDelivery['what'], number>): WebhookRequest {
    return { id: raised.id, type: raised.alert.type, body: webhookBody(raised, publicUrl, adminCenters) }
  }

  async function sendNew(stream: EventStream, signal: AbortSignal): Promise<boolean> {
    const { id } = stream.webhook
    if (underWay.has(id)) return sendNext(stream, 1, signal)
    taken.add(id)
    return sendNext(stream, 2, signal).finally(() => taken.delete(id))
  }

  /** Sends the next events of a stream, some at a time. */
  async function sendNext(stream: EventStream, atOnce: number, signal: AbortSignal): Promise<boolean> {
    const { webhook, filter, failures } = stream
    // While nothing arrives, one event at a time finds out whether the webhook answers again.
    const limit = failures > 0 ? 1 : READ_AT_ONCE
    const page = await events.read(webhook.tenantId, { position: positionIn(stream), mark: null }, limit, filter)
    if (page === null) return false
    if (page.events.length === 0) {
      leftOut.set(stream.id, page.next.position)
      if (page.ended && isReplay(stream)) await outbox.endStream(stream)
      else if (!page.ended || page.next.position - stream.position > RECORD_SKIPPED_AFTER)
        await outbox.moveStream(stream, page.next.position)
      return !page.ended
    }
    const lease = random(LEASE_BYTES).toString('hex')
    if (!(await outbox.claimStream(stream, lease))) return false
    const tried = await sendAll(webhook, page.events, atOnce, signal)
    const arrived = tried.some(({ attempt: { outcome } }) => outcome === 'delivered')
    const nowFailures = arrived ? 0 : failures + Math.min(tried.length, 1)
    await outbox.settleStream(stream, lease, {
      position: tried.at(-1)?.stored.position ?? stream.position,
      failures: nowFailures,
      waitMs: nowFailures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (nowFailures - 1), LONGEST_PAUSE_MS),
      attempt: tried.at(-1)?.attempt ?? null,
      retries: tried.flatMap(({ stored: { position }, attempt: attempted }) => {
        const waitMs = waitAfter(1, attempted)
        return waitMs === null ? [] : [{ position, waitMs }]
      }),
    })
    report(
      webhook,
      tried.map((each) => each.attempt),
    )
    return arrived
  }

  /**
   * Sends events, some at a time, until one does not arrive. Returns those that have an outcome, up to the first one that
   * was interrupted.
   */
  async function sendAll(
    webhook: WebhookTarget,
    stored: readonly StoredEvent[],
    atOnce: number,
    signal: AbortSignal,
  ): Promise<Tried[]> {
    const startedAt = timers.elapsedMs()
    const tried: Tried[] = []
    for (let begun = 0; begun < stored.length; begun += atOnce) {
      const some = stored.slice(begun, begun + atOnce)
      const attempts = await Promise.all(some.map((each) => attemptOne(webhook, eventRequest(each), signal)))
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

  /** Returns null when it was interrupted. */
  async function attemptOne(
    webhook: WebhookTarget,
    request: WebhookRequest,
    signal: AbortSignal,
  ): Promise<WebhookAttempt | null> {
    try {
      return await attempt(webhook, request, signal)
    } catch (error) {
      if (signal.aborted) return null
      throw error
    }
  }

  /** In how many ms to try again; null when it arrived or is given up. */
  function waitAfter(attempts: number, { outcome, status }: WebhookAttempt): number | null {
    return outcome === 'delivered' || status === GONE ? null : pauseAfter(attempts, chance)
  }

  function report({ id }: WebhookTarget, tried: readonly WebhookAttempt[]): void {
    const failed = tried.filter(({ outcome }) => outcome !== 'delivered')
    const { outcome, status } = failed[0] ?? {}
    if (failed.length > 0)
      logger.warn({ webhook: id, events: tried.length, failed: failed.length, outcome, status }, 'events not delivered')
    else if (tried.length > 0) logger.info({ webhook: id, events: tried.length }, 'events delivered')
  }
}

interface WebhookRequest {
  readonly id: string
  readonly type: WebhookType
  readonly body: string
}

function eventRequest({ event }: StoredEvent): WebhookRequest {
  return { id: event.id, type: event.type, body: eventBody(event) }
}
