import type { WebhookAttempt } from '@inforiver-mail/contract/webhook'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { startPolling, type Polling } from '../runtime/polling.ts'
import type { Events, StoredEvent } from '../queue/records/events.ts'
import type { ClaimedDelivery, EventStream, OutboxStore } from './outbox-store.ts'
import type { SendWebhook, Told, WebhookTarget } from './webhook-sender.ts'
import { eventBody, webhookBody } from './webhook-body.ts'

// Two requests at most are under way from a process to a webhook: one for new events, and one for alerts, events that are
// tried again and replays, in this order.

const POLL_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 10_000
const READ_AT_ONCE = 20
/** What is sent from one reading ends early after failures, or this long: it is taken for a minute. */
const SENT_WITHIN_MS = 5_000
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 5 * 60_000

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** Recommended by the Standard Webhooks specification, "Deliverability and reliability". */
const PAUSES_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]
const JITTER = 0.1 // spreads what failed together
/** A receiver that answers this wants no more (Standard Webhooks, "Deliverability and reliability"). */
const GONE = 410

interface Tried {
  readonly stored: StoredEvent
  readonly attempt: WebhookAttempt
}

/** Sends alerts and events to the webhooks; any number of processes share the work. */
export function createWebhookDispatcher({
  outbox,
  events,
  send,
  publicUrl,
  adminCenters,
  chance,
  timers,
  logger,
  pollEveryMs = POLL_EVERY_MS,
}: {
  outbox: OutboxStore
  events: Pick<Events, 'ends' | 'read' | 'find'>
  send: SendWebhook
  publicUrl: string
  adminCenters: AdminCenters
  /** Returns a number between 0 and 1, for jitter. */
  chance: () => number
  timers: Timers
  logger: FastifyBaseLogger
  pollEveryMs?: number
}) {
  /** What is under way, by the id of the stream with new events, or of the webhook for anything else. */
  const underWay = new Map<string, Promise<void>>()
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
    const streams = await outbox.listStreams([...underWay.keys()])
    const ends = await events.ends([...new Set(streams.map(({ webhook }) => webhook.tenantId))])
    const deliveries = await outbox.claim([...underWay.keys()])
    for (const delivery of deliveries) begin(delivery.webhook.id, () => deliver(delivery, signal))
    for (const stream of streams.filter(isReplay)) beginNext(stream.webhook.id, stream, signal)
    for (const stream of streams.filter((each) => !isReplay(each)))
      if ((ends.get(stream.webhook.tenantId) ?? 0) > stream.position) beginNext(stream.id, stream, signal)
    return pollEveryMs
  }

  function isReplay({ filter }: EventStream): boolean {
    return filter.endsAt != null
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

  /** @param id of the place that its requests take */
  function beginNext(id: string, stream: EventStream, signal: AbortSignal): void {
    if (!underWay.has(id)) begin(id, () => sendNext(stream, signal))
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

  async function requestOf({ tenantId }: WebhookTarget, position: number): Promise<Told | null> {
    const [stored] = await events.find(tenantId, [position])
    return stored ? eventRequest(stored) : null
  }

  function alertRequest(raised: Exclude<ClaimedDelivery['what'], number>): Told {
    return { id: raised.id, type: raised.alert.type, body: webhookBody(raised, publicUrl, adminCenters) }
  }

  /** Sends the next events of a stream, one after the other. */
  async function sendNext(stream: EventStream, signal: AbortSignal): Promise<boolean> {
    const { webhook, filter, failures } = stream
    // While nothing arrives, one event at a time finds out whether the webhook answers again.
    const limit = failures > 0 ? 1 : READ_AT_ONCE
    const page = await events.read(webhook.tenantId, { position: stream.position, mark: null }, limit, filter)
    if (page === null) return false
    if (page.events.length === 0) {
      if (page.ended && isReplay(stream)) await outbox.endStream(stream)
      else await outbox.moveStream(stream, page.next.position)
      return !page.ended
    }
    if (!(await outbox.claimStream(stream))) return false
    const tried = await sendAll(webhook, page.events, signal)
    const arrived = tried.some(({ attempt: { outcome } }) => outcome === 'delivered')
    const nowFailures = arrived ? 0 : failures + Math.min(tried.length, 1)
    await outbox.settleStream(stream, {
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
   * Sends events until two in a row do not arrive: one that the webhook refuses holds up none of the others. Returns those
   * that have an outcome.
   */
  async function sendAll(
    webhook: WebhookTarget,
    events: readonly StoredEvent[],
    signal: AbortSignal,
  ): Promise<Tried[]> {
    const startedAt = timers.elapsedMs()
    const tried: Tried[] = []
    for (const stored of events) {
      const attempted = await attemptOne(webhook, eventRequest(stored), signal)
      if (attempted === null) return tried
      tried.push({ stored, attempt: attempted })
      const hasTwoFailed =
        tried.length > 1 && tried.slice(-2).every(({ attempt: { outcome } }) => outcome !== 'delivered')
      if (hasTwoFailed || timers.elapsedMs() - startedAt > SENT_WITHIN_MS) return tried
    }
    return tried
  }

  /** Returns null when it was interrupted. */
  async function attemptOne(
    webhook: WebhookTarget,
    request: Told,
    signal: AbortSignal,
  ): Promise<WebhookAttempt | null> {
    try {
      return await send(webhook, request, signal)
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

/** Returns in how many ms to try again after this many attempts; null to give up. `chance` returns a number between 0 and 1. */
export function pauseAfter(attempts: number, chance: () => number): number | null {
  const pauseMs = PAUSES_MS[attempts - 1]
  return pauseMs === undefined ? null : Math.round(pauseMs * (1 + JITTER * chance()))
}

function eventRequest({ event }: StoredEvent): Told {
  return { id: event.id, type: event.type, body: eventBody(event) }
}
