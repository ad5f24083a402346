import type { Timers } from '../clock.ts'
import type { Prisma } from '../database/generated/client.ts'
import { keepConnected } from '../database/keep-connected.ts'
import type { KnownTenants } from './known-tenants.ts'

/**
 * A transaction that queues messages notifies this channel, which wakes the workers when it commits. The payload names the
 * tenants; without any, anything may be due.
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
 * Calls `wake` whenever a message may be due, and reconnects until stopped. `known` learns whose it may be, and whether
 * notifications arrive.
 */
export function listenForMessages(
  connectionString: string,
  known: Pick<KnownTenants, 'listen' | 'expect'>,
  wake: () => void,
  timers: Timers,
): { stop(): Promise<void> } {
  return keepConnected(connectionString, timers, async (client) => {
    client.on('notification', ({ payload }) => {
      known.expect(payload ? payload.split(BETWEEN_TENANTS) : null)
      wake()
    })
    client.once('end', () => known.listen(false))
    await client.query(`LISTEN ${MESSAGES_CHANNEL}`)
    known.listen(true)
    wake() // nobody listened while there was no connection
  })
}
