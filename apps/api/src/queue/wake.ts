import pg from 'pg'
import type { Prisma } from '../database/generated/client.ts'

/** On this channel a transaction that queues messages wakes the workers when it commits. */
export const MESSAGES_CHANNEL = 'inforiver_mail_messages'

const LISTEN_AGAIN_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000

export async function wakeWorkers(transaction: Pick<Prisma.TransactionClient, '$executeRaw'>): Promise<void> {
  await transaction.$executeRaw`SELECT pg_notify(${MESSAGES_CHANNEL}, '')`
}

/** Calls back when a message may be due; reconnects by itself until stopped. */
export function listenForMessages(connectionString: string, wake: () => void): { stop(): Promise<void> } {
  let stopped = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    client = null
    if (stopped) return
    timer = setTimeout(() => {
      connecting = connect()
    }, LISTEN_AGAIN_MS)
  }
  const connect = async () => {
    const next = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true })
    next.on('error', () => {})
    next.once('end', again)
    next.on('notification', wake)
    try {
      await next.connect()
      await next.query(`LISTEN ${MESSAGES_CHANNEL}`)
      client = next
      wake() // for what came while nobody listened
    } catch {
      await next.end().catch(() => {})
    }
  }
  let connecting = connect()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await connecting // one that is being made would stay
      await client?.end()
    },
  }
}
