/** Connections before the login, limited in all and for each network. */
export interface BeforeLogin<Connection> {
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
