import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Statements that write. PostgreSQL's protocol carries statements as text. */
const WRITES = /\bCOMMIT\b|\bINSERT INTO\b|\bUPDATE\b/

/** The network between one process of the product and its database. */
export interface DatabaseLink {
  readonly port: number
  /** Breaks every connection and leads new ones to that port. */
  leadTo(port: number): void
  /** Breaks every connection, and refuses new ones until `restore`. */
  cut(): void
  /** Keeps every connection but lets nothing through until `restore`. */
  hold(): void
  restore(): void
  /**
   * Breaks the connection of the next writing statement, before it reaches the database or before its answer returns.
   */
  cutAtNextWrite(when: 'before' | 'after'): void
  close(): Promise<void>
}

export async function createDatabaseLink(target: number): Promise<DatabaseLink> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let targetPort = target
  let state: 'open' | 'cut' | 'held' = 'open'
  let armed: 'before' | 'after' | null = null

  const server = createServer((near) => {
    near.on('error', () => {})
    if (state === 'cut') {
      near.destroy()
      return
    }
    const far = connect(targetPort, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    let isDoomed = false
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    far.on('error', () => {})
    for (const socket of pair) socket.once('close', end)
    near.on('data', (bytes: Buffer) => {
      if (armed !== null && WRITES.test(bytes.toString('latin1'))) {
        const when = armed
        armed = null
        if (when === 'before') return end()
        isDoomed = true
      }
      pass(bytes, near, far)
    })
    far.on('data', (bytes: Buffer) => (isDoomed ? end() : pass(bytes, far, near)))
    if (state === 'held') for (const socket of pair) socket.pause()
  })
  const pass = (bytes: Buffer, from: Socket, to: Socket): void => {
    if (to.write(bytes)) return
    from.pause()
    to.once('drain', () => {
      if (state !== 'held') from.resume()
    })
  }
  const endAll = () => {
    for (const [near, far] of pairs) {
      near.destroy()
      far.destroy()
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      targetPort = port
      endAll()
    },
    cut() {
      state = 'cut'
      endAll()
    },
    hold() {
      state = 'held'
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    restore() {
      state = 'open'
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    cutAtNextWrite(when) {
      armed = when
    },
    async close() {
      endAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
