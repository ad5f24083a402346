import type { FastifyBaseLogger } from 'fastify'
import { LEASE_MS } from '../queue/claim.ts'
import type { LeasedMessage } from '../queue/leased-message.ts'
import type { Deliveries } from '../queue/queue.ts'

const RENEW_WHEN_LEFT_MS = 25_000
/** No request begins when less is left: another worker may take the message then. */
const SAFETY_MS = 5_000
const LOOK_EVERY_MS = 1_000

export interface LeaseKeeper {
  /**
   * The signal is aborted when the lease is about to run out, or is lost.
   *
   * @param since when the claim was asked for, as `elapsedMs` tells it
   */
  hold(message: LeasedMessage, since: number): AbortSignal
  release(message: LeasedMessage): void
  /** Aborts every signal, those still to come too: the process ends. The leases are still held. */
  breakOff(): void
  stop(): void
}

/** The process ends, and its time is up. */
export class ProcessEndsError extends Error {
  override readonly name = 'ProcessEndsError'
}

interface Held {
  readonly message: LeasedMessage
  readonly controller: AbortController
  /** As `elapsedMs` tells it. */
  until: number
}

/**
 * Renews the leases of what is under way, and breaks off early what has lost its lease. That nothing is sent which
 * another may have taken is for the statements to see to that clear a request.
 */
export function createLeaseKeeper(parts: {
  store: Pick<Deliveries, 'renew'>
  /** Milliseconds since some moment: no clock that can be set. */
  elapsedMs: () => number
  logger: FastifyBaseLogger
}): LeaseKeeper {
  const { store, elapsedMs, logger } = parts
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
    const kept = await store.renew(ending.map(({ message }) => message))
    for (const entry of ending) {
      if (kept.has(entry.message.id)) entry.until = now + LEASE_MS
      else if (held.get(entry.message.id) === entry) drop(entry)
    }
  }

  const timer = setInterval(() => {
    const now = elapsedMs()
    dropLapsed(now)
    if (renewing) return
    renewing = true
    renew(now)
      .catch((error: unknown) => logger.warn({ err: error }, 'leases could not be renewed'))
      .finally(() => {
        renewing = false
      })
  }, LOOK_EVERY_MS)

  return {
    hold(message, since) {
      const controller = new AbortController()
      held.set(message.id, { message, controller, until: since + LEASE_MS })
      if (brokenOff) controller.abort(new ProcessEndsError())
      return controller.signal
    },
    release({ id, leaseOwner }) {
      // After a lapse the same message may be held anew.
      if (held.get(id)?.message.leaseOwner === leaseOwner) held.delete(id)
    },
    breakOff() {
      brokenOff = true
      for (const { controller } of held.values()) controller.abort(new ProcessEndsError())
    },
    stop() {
      clearInterval(timer)
    },
  }
}
