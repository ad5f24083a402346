import type { Prisma } from '../database/generated/client.ts'

// Nothing leaves from a mailbox that is paused, since Microsoft asked for it, or while access cannot be had.

/**
 * Whether a mailbox rests by now. Looked at in the statement that leases as well: who wrote a pause has put its message
 * back in the same moment.
 *
 * @param tenant SQL
 */
export function rests(tenant: string): string {
  return `EXISTS (SELECT 1 FROM mailboxes resting WHERE resting.tenant_id = ${tenant} AND greatest(resting.paused_until, resting.no_access_until) > mail_now())`
}

type Writer = Pick<Prisma.TransactionClient, '$executeRawUnsafe'>

/** Another mailbox is connected: what Microsoft paused was the one before. */
export async function endPause(transaction: Writer, tenantId: string): Promise<void> {
  await transaction.$executeRawUnsafe('UPDATE mailboxes SET paused_until = NULL WHERE tenant_id = $1', tenantId)
}

/** There is other access by now. A pause that Microsoft asked for the mailbox stays. */
export async function endWantOfAccess(transaction: Writer, tenantId: string): Promise<void> {
  await transaction.$executeRawUnsafe('UPDATE mailboxes SET no_access_until = NULL WHERE tenant_id = $1', tenantId)
}
