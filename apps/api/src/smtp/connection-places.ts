import type { Timers } from '../runtime/clock.ts'
import { say } from '../http/problem.ts'
import { subscriberOf } from '../domain/ip-networks.ts'
import { createPlaces, type Holder } from '../memory/shares.ts'
import { SmtpRefusal } from './reply.ts'

const PLACES = 1_000
const PLACES_BEFORE_LOGIN = 200
const MAX_PER_KEY = 200

/** A connection, which may be ended at any moment. */
interface Guest {
  dismiss(refusal: SmtpRefusal): void
}

/** The places of the SMTP door. Whoever connects gets one before any TLS. */
export function createConnectionPlaces<Connection extends Guest>({
  beforeLoginPerAddress,
  loginWithinMs,
  timers,
  onDisplaced,
}: {
  beforeLoginPerAddress: number
  loginWithinMs: number
  timers: Pick<Timers, 'after'>
  /** Called with the address for which another connection was closed. */
  onDisplaced: (address: string) => void
}) {
  /** The networks of connections that wait for a login, the oldest first. */
  const waiting = new Map<Connection, string>()
  /** The keys of those that have logged in. */
  const keys = new Map<Connection, string>()
  const loggedIn = createPlaces(PLACES - PLACES_BEFORE_LOGIN)
  /** What ends the wait for a login, or gives the place of one back. */
  const ends = new Map<Connection, () => void>()

  return {
    /** Takes a connection in, and ends it unless somebody logs in on it in time. Another one may have to go for it. */
    enter(connection: Connection, address: string): void {
      ends.set(
        connection,
        timers.after(loginWithinMs, () => connection.dismiss(noLogin(loginWithinMs))),
      )
      const network = subscriberOf(address)
      const limits = { places: PLACES_BEFORE_LOGIN, perNetwork: beforeLoginPerAddress }
      const displaced = findDisplaced(waiting, network, limits)
      waiting.set(connection, network)
      if (displaced === null) return
      waiting.delete(displaced)
      onDisplaced(address)
      displaced.dismiss(
        new SmtpRefusal(421, '4.7.0', 'Too many connections wait for a login here. Connect again, and log in at once.'),
      )
    },

    /** @throws {SmtpRefusal} where its service or key has too many connections */
    logIn(connection: Connection, { holder, keyId }: { readonly holder: Holder; readonly keyId: string }): void {
      keys.set(connection, keyId)
      if ([...keys.values()].filter((key) => key === keyId).length > MAX_PER_KEY)
        throw new SmtpRefusal(421, '4.7.0', 'Too many connections with this key. Close some, or try again later.')
      ends.get(connection)?.()
      ends.delete(connection)
      waiting.delete(connection)
      const giveBack = loggedIn.take(holder)
      if (giveBack === null) {
        const facts = { held: loggedIn.heldBy(holder), total: loggedIn.total }
        throw new SmtpRefusal(421, '4.7.0', say(['no-place-to-connect', 'share-rule'], facts).detail)
      }
      ends.set(connection, giveBack)
    },

    leave(connection: Connection): void {
      keys.delete(connection)
      waiting.delete(connection)
      ends.get(connection)?.()
      ends.delete(connection)
    },
  }
}

/**
 * Returns the connection to close for a new one of this network: the oldest of the network with the most; null while
 * there is room.
 *
 * @param waiting the networks of those that wait, the oldest first
 */
export function findDisplaced<Connection>(
  waiting: ReadonlyMap<Connection, string>,
  network: string,
  { places, perNetwork }: { readonly places: number; readonly perNetwork: number },
): Connection | null {
  const ofNetworks = Map.groupBy(waiting.keys(), (connection) => waiting.get(connection))
  const own = ofNetworks.get(network) ?? []
  if (own.length >= perNetwork) return own[0] ?? null
  if (waiting.size < places) return null
  const [largest] = [...ofNetworks.values()].toSorted((one, other) => other.length - one.length)
  return largest?.[0] ?? null
}

function noLogin(withinMs: number): SmtpRefusal {
  return new SmtpRefusal(421, '4.4.2', `Nobody logged in within ${withinMs / 1_000} seconds. Connect again.`)
}
