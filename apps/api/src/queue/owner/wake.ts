import type pg from 'pg'
import { QUICK_TIMEOUT_MS } from '../../database/database.ts'
import type { Timers } from '../../runtime/clock.ts'
import type { Prisma } from '../../database/generated/client.ts'
import { keepConnected } from '../../database/keep-connected.ts'

/** Who queues messages notifies this channel, which wakes the workers. They look every second besides, so that none depends on it. */
export const MESSAGES_CHANNEL = 'inforiver_mail_messages'

export const NOTIFY = { text: `SELECT pg_notify($1, '')`, values: [MESSAGES_CHANNEL], query_timeout: QUICK_TIMEOUT_MS }

/** Wakes them when the transaction commits: for what people do, which is seldom. */
export async function wakeWorkers(transaction: Pick<Prisma.TransactionClient, '$executeRaw'>): Promise<void> {
  await transaction.$executeRaw`SELECT pg_notify(${MESSAGES_CHANNEL}, '')`
}

const NOTIFY_EVERY_MS = 50

/**
 * Returns a function that wakes the workers after messages were stored. The statement that stores them does not notify: PostgreSQL
 * lets transactions that do commit one after the other, so that submits would not share a flush to disk. What a process that
 * ends in between leaves unsaid, the owner finds within a second.
 */
export function createWaking(pool: pg.Pool, timers: Pick<Timers, 'sleep'>): () => void {
  let isAsked = false
  let isNotifying = false
  return () => {
    isAsked = true
    if (!isNotifying) void notify()
  }

  async function notify(): Promise<void> {
    isNotifying = true
    while (isAsked) {
      isAsked = false
      await pool.query(NOTIFY).catch(() => {}) // outages are reported elsewhere
      await timers.sleep(NOTIFY_EVERY_MS)
    }
    isNotifying = false
  }
}

/** Calls `wake` whenever a message may be due, and reconnects until stopped. */
export function listenForMessages(
  connectionString: string,
  wake: () => void,
  timers: Timers,
): { stop(): Promise<void> } {
  return keepConnected(connectionString, timers, async (client) => {
    client.on('notification', wake)
    await client.query(`LISTEN ${MESSAGES_CHANNEL}`)
    wake() // nobody listened while there was no connection
  })
}
