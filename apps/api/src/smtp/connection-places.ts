import type { Timers } from '../runtime/clock.ts'
import { say } from '../http/problem-sentences.ts'
import { subscriberOf } from '../domain/ip-networks.ts'
import { createPlaces, type Holder } from '../memory/shares.ts'
import { SmtpRefusal } from './reply.ts'

/** Counts connections by key. A connection counts under one name at a time. */
interface ConnectionCounts<Connection> {
  /** Returns how many there are under this name now. */
  assign(connection: Connection, name: string): number
  release(connection: Connection): void
}

export function createConnectionCounts<Connection>(): ConnectionCounts<Connection> {
  const names = new Map<Connection, string>()
  const counts = new Map<string, number>()

  function release(connection: Connection): void {
    const name = names.get(connection)
    if (name === undefined) return
    names.delete(connection)
    const count = (counts.get(name) ?? 0) - 1
    if (count > 0) counts.set(name, count)
    else counts.delete(name)
  }

  return {
    assign(connection, name) {
      release(connection)
      names.set(connection, name)
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return count
    },
    release,
  }
}

/** Connections before the login, limited in all and for each network. */
interface BeforeLogin<Connection> {
  /** Adds a connection. Returns the one to close in its place: the oldest of the network with the most. */
  enter(connection: Connection, network: string): Connection | null
  /** Removes a connection that has logged in, or is closed. */
  leave(connection: Connection): void
}

export function createBeforeLogin<Connection>({
  places,
  perNetwork,
}: {
  places: number
  perNetwork: number
}): BeforeLogin<Connection> {
  const networks = new Map<Connection, string>()
  /** The oldest first. */
  const ofNetwork = new Map<string, Set<Connection>>()

  function leave(connection: Connection): void {
    const network = networks.get(connection)
    if (network === undefined) return
    networks.delete(connection)
    const others = ofNetwork.get(network)
    others?.delete(connection)
    if (others?.size === 0) ofNetwork.delete(network)
  }

  function oldestOf(network: string): Connection | null {
    return ofNetwork.get(network)?.values().next().value ?? null
  }

  function largestNetwork(): string {
    let largest = ''
    let most = 0
    for (const [network, { size }] of ofNetwork) if (size > most) [largest, most] = [network, size]
    return largest
  }

  function findDisplaced(network: string): Connection | null {
    if ((ofNetwork.get(network)?.size ?? 0) >= perNetwork) return oldestOf(network)
    return networks.size >= places ? oldestOf(largestNetwork()) : null
  }

  return {
    enter(connection, network) {
      const displaced = findDisplaced(network)
      if (displaced !== null) leave(displaced)
      networks.set(connection, network)
      ofNetwork.set(network, (ofNetwork.get(network) ?? new Set()).add(connection))
      return displaced
    },
    leave,
  }
}

const PLACES = 1_000
const PLACES_BEFORE_LOGIN = 200
const MAX_PER_KEY = 200

/** A connection, which may be ended at any moment. */
interface Guest {
  dismiss(refusal: SmtpRefusal): void
}

/** The places of the SMTP door. Whoever connects gets one before any TLS. */
interface ConnectionPlaces<Connection> {
  /** Takes a connection in, and ends it unless somebody logs in on it in time. Another one may have to go for it. */
  enter(connection: Connection, address: string): void
  /** @throws {SmtpRefusal} where its service or key has too many connections */
  logIn(connection: Connection, login: { readonly holder: Holder; readonly keyId: string }): void
  leave(connection: Connection): void
}

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
}): ConnectionPlaces<Connection> {
  const perKey = createConnectionCounts<Connection>()
  const beforeLogin = createBeforeLogin<Connection>({ places: PLACES_BEFORE_LOGIN, perNetwork: beforeLoginPerAddress })
  const loggedIn = createPlaces(PLACES - PLACES_BEFORE_LOGIN)
  /** What ends the wait for a login, or gives the place of one back. */
  const ends = new Map<Connection, () => void>()

  return {
    enter(connection, address) {
      ends.set(
        connection,
        timers.after(loginWithinMs, () => connection.dismiss(noLogin(loginWithinMs))),
      )
      const displaced = beforeLogin.enter(connection, subscriberOf(address))
      if (displaced === null) return
      onDisplaced(address)
      displaced.dismiss(
        new SmtpRefusal(421, '4.7.0', 'Too many connections wait for a login here. Connect again, and log in at once.'),
      )
    },
    logIn(connection, { holder, keyId }) {
      if (perKey.assign(connection, keyId) > MAX_PER_KEY)
        throw new SmtpRefusal(421, '4.7.0', 'Too many connections with this key. Close some, or try again later.')
      ends.get(connection)?.()
      ends.delete(connection)
      beforeLogin.leave(connection)
      const giveBack = loggedIn.take(holder)
      if (giveBack === null) {
        const facts = { held: loggedIn.heldBy(holder), total: loggedIn.total }
        throw new SmtpRefusal(421, '4.7.0', say(['no-place-to-connect', 'share-rule'], facts).detail)
      }
      ends.set(connection, giveBack)
    },
    leave(connection) {
      perKey.release(connection)
      beforeLogin.leave(connection)
      ends.get(connection)?.()
      ends.delete(connection)
    },
  }
}

function noLogin(withinMs: number): SmtpRefusal {
  return new SmtpRefusal(421, '4.4.2', `Nobody logged in within ${withinMs / 1_000} seconds. Connect again.`)
}
