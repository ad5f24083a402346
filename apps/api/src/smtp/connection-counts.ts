/** Counts connections by key. A connection counts under one name at a time. */
export interface ConnectionCounts<Connection> {
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
