import type { Timers } from '../runtime/clock.ts'
import type { Prisma } from '../database/generated/client.ts'
import { keepConnected } from '../database/keep-connected.ts'

/**
 * A transaction that queues messages notifies this channel, which wakes the workers when it commits. The payload names their
 * tenant; without any, something may be due that was queued before.
 */
export const MESSAGES_CHANNEL = 'inforiver_mail_messages'
export const BETWEEN_TENANTS = ','

export async function wakeWorkers(
  transaction: Pick<Prisma.TransactionClient, '$executeRaw'>,
  tenantId: string,
): Promise<void> {
  await transaction.$executeRaw`SELECT pg_notify(${MESSAGES_CHANNEL}, ${tenantId})`
}

/**
 * Calls `wake` whenever a message may be due, and reconnects until stopped. `claiming` learns whether notifications arrive, and
 * what may have been due for long.
 */
export function listenForMessages(
  connectionString: string,
  claiming: { lookBack(): void; listen(isListening: boolean): void },
  wake: () => void,
  timers: Timers,
): { stop(): Promise<void> } {
  return keepConnected(connectionString, timers, async (client) => {
    client.on('notification', ({ payload }) => {
      if (!payload) claiming.lookBack()
      wake()
    })
    client.once('end', () => claiming.listen(false))
    await client.query(`LISTEN ${MESSAGES_CHANNEL}`)
    claiming.listen(true)
    wake() // nobody listened while there was no connection
  })
}
