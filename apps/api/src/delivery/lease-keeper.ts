import type { FastifyBaseLogger } from 'fastify'
import type { DeliveryStore, LeasedMessage } from './delivery-store.ts'

/** At most this long after a worker died, its messages go on elsewhere. */
export const LEASE_MS = 45_000
const RENEW_WHEN_LEFT_MS = 25_000
/** No request begins, and none goes on, when less is left: another worker may take the message then. */
const SAFETY_MS = 5_000
const LOOK_EVERY_MS = 1_000

export interface LeaseKeeper {
  /** The signal is aborted when the lease is about to run out, or is lost. */
  hold(message: LeasedMessage, until: Date): AbortSignal
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
  until: Date
}

/**
 * Renews the leases of what is under way. A process that stood still finds them lapsed when it goes on, and its timer
 * fires before its sockets do: so nothing is sent that another may have taken.
 */
export function createLeaseKeeper(parts: {
  store: Pick<DeliveryStore, 'renew'>
  clock: () => Date
  logger: FastifyBaseLogger
}): LeaseKeeper {
  const { store, clock, logger } = parts
  const held = new Map<string, Held>()
  let renewing = false
  let brokenOff = false

  function dropLapsed(now: Date): void {
    for (const entry of held.values()) {
      if (entry.until.getTime() - now.getTime() <= SAFETY_MS) drop(entry)
    }
  }

  function drop({ message, controller }: Held): void {
    held.delete(message.id)
    controller.abort(new Error('The lease ran out.'))
  }

  async function renew(now: Date): Promise<void> {
    const ending = [...held.values()].filter(({ until }) => until.getTime() - now.getTime() <= RENEW_WHEN_LEFT_MS)
    if (ending.length === 0) return
    const until = new Date(now.getTime() + LEASE_MS)
    const kept = await store.renew(
      ending.map(({ message }) => message),
      until,
    )
    for (const entry of ending) {
      if (kept.has(entry.message.id)) entry.until = until
      else if (held.get(entry.message.id) === entry) drop(entry)
    }
  }

  const timer = setInterval(() => {
    const now = clock()
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
    hold(message, until) {
      const controller = new AbortController()
      held.set(message.id, { message, controller, until })
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
