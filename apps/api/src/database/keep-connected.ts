import pg from 'pg'
import type { Cancel, Timers } from '../runtime/clock.ts'
import { KEEP_ALIVE } from './keep-alive.ts'

const CONNECT_TIMEOUT_MS = 5_000
const RECONNECT_AFTER_MS = 500
/** No statement that prepares a connection takes long: a server that does not answer by then is gone. */
const SILENCE_TIMEOUT_MS = 35_000

/**
 * Keeps a connection of its own, outside the pool, and reconnects whenever it breaks, until stopped.
 *
 * @param onConnect prepares each new connection; when it rejects, the connection is closed and opened again
 */
export function keepConnected(
  connectionString: string,
  timers: Pick<Timers, 'after'>,
  onConnect: (client: pg.Client) => Promise<void>,
  { silenceTimeoutMs = SILENCE_TIMEOUT_MS }: { silenceTimeoutMs?: number } = {},
) {
  let stopped = false
  let connected: pg.Client | null = null
  let cancelReconnect: Cancel = () => {}
  let connecting = connect()
  const first = connecting
  first.catch(() => {}) // whoever needs the first connection awaits it
  return {
    /** Settles with the first attempt to connect, and rejects when that fails. */
    first,
    /** Null while there is no connection. */
    client: () => connected,
    async stop(): Promise<void> {
      stopped = true
      cancelReconnect()
      await connecting.catch(() => {}) // otherwise a connection that is being made would stay open
      await connected?.end().catch(() => {})
    },
  }

  function reconnectLater(): void {
    connected = null
    if (stopped) return
    cancelReconnect()
    cancelReconnect = timers.after(RECONNECT_AFTER_MS, () => {
      connecting = connect()
      connecting.catch(() => {})
    })
  }

  async function connect(): Promise<void> {
    const client = new pg.Client({
      connectionString,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: silenceTimeoutMs,
      ...KEEP_ALIVE,
    })
    client.on('error', () => {}) // a break is noticed by `end`
    client.once('end', reconnectLater)
    try {
      await client.connect()
      await onConnect(client)
      connected = client
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
  }
}
