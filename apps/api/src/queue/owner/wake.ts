import type { Timers } from '../../runtime/clock.ts'
import type { Prisma } from '../../database/generated/client.ts'
import { keepConnected } from '../../database/keep-connected.ts'

/** A transaction that queues messages notifies this channel, which wakes the workers when it commits. The payload names their tenant. */
export const MESSAGES_CHANNEL = 'inforiver_mail_messages'

export async function wakeWorkers(
  transaction: Pick<Prisma.TransactionClient, '$executeRaw'>,
  tenantId: string,
): Promise<void> {
  await transaction.$executeRaw`SELECT pg_notify(${MESSAGES_CHANNEL}, ${tenantId})`
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
