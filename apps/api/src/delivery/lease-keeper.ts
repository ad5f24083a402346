import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { LEASE_MS } from '../queue/claim.ts'
import type { LeasedMessage } from '../queue/leased-message.ts'
import type { Deliveries } from '../queue/queue.ts'

/** Enough for three renewals that go unanswered, and one that does not. */
const RENEW_WHEN_LEFT_MS = 25_000
/** No request begins with less of the lease left: another worker may soon take the message. */
const SAFETY_MS = 5_000
const LOOK_EVERY_MS = 1_000

export interface LeaseKeeper {
  /**
   * Renews the lease until it is released. The signal is aborted when the lease is about to run out, or is lost.
   *
   * @param since when the claim was asked for, by `elapsedMs`
   */
  hold(message: LeasedMessage, since: number): AbortSignal
  release(message: LeasedMessage): void
  /** Aborts every signal, those still to come too, because the process ends. The leases stay held. */
  breakOff(): void
  stop(): void
}

/** The process ends, and its grace period is over. */
export class ProcessEndsError extends Error {
  override readonly name = 'ProcessEndsError'
}

interface Held {
  readonly message: LeasedMessage
  readonly controller: AbortController
  /** When the lease ends, by `elapsedMs`. */
  until: number
}

/**
 * Renews the leases of attempts under way, and breaks off early those that have lost theirs. The statements that clear a
 * request, not this, guarantee that nothing is sent which another worker may have taken.
 */
export function createLeaseKeeper({
  deliveries,
  elapsedMs,
  timers,
  logger,
}: {
  deliveries: Pick<Deliveries, 'renew'>
  /** Milliseconds since some moment: no clock that can be set. */
  elapsedMs: () => number
  timers: Pick<Timers, 'every'>
  logger: FastifyBaseLogger
}): LeaseKeeper {
  const held = new Map<string, Held>()
  let renewing = false
  let brokenOff = false

  function dropLapsed(now: number): void {
    for (const entry of held.values()) {
      if (entry.until - now <= SAFETY_MS) drop(entry)
    }
  }

  function drop({ message, controller }: Held): void {
    held.delete(message.id)
    controller.abort(new Error('The lease ran out.'))
  }

  async function renew(now: number): Promise<void> {
    const ending = [...held.values()].filter(({ until }) => until - now <= RENEW_WHEN_LEFT_MS)
    if (ending.length === 0) return
    const kept = await deliveries.renew(ending.map(({ message }) => message))
    for (const entry of ending) {
      if (kept.has(entry.message.id)) entry.until = now + LEASE_MS
      else if (held.get(entry.message.id) === entry) drop(entry)
    }
  }

  const endLooks = timers.every(LOOK_EVERY_MS, () => {
    const now = elapsedMs()
    dropLapsed(now)
    if (renewing) return
    renewing = true
    renew(now)
      .catch((error: unknown) => logger.warn({ err: error }, 'leases could not be renewed'))
      .finally(() => {
        renewing = false
      })
  })

  return {
    hold(message, since) {
      const earlier = held.get(message.id) // by an attempt that has lost its lease, and may not know it yet
      if (earlier) drop(earlier)
      const controller = new AbortController()
      held.set(message.id, { message, controller, until: since + LEASE_MS })
      if (brokenOff) controller.abort(new ProcessEndsError())
      return controller.signal
    },
    release({ id, leaseOwner }) {
      // After its lease has run out the same message may be leased again.
      if (held.get(id)?.message.leaseOwner === leaseOwner) held.delete(id)
    },
    breakOff() {
      brokenOff = true
      for (const { controller } of held.values()) controller.abort(new ProcessEndsError())
    },
    stop: endLooks,
  }
}
