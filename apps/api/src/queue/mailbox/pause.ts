import type { Prisma } from '../../database/generated/client.ts'
import { isIntercepted } from './mailbox-refusals.ts'

// A mailbox is paused because Microsoft asked for it, because a limit of Microsoft is used up (quota-pause.ts), because no
// access token could be had or Graph refuses it, or because something answers in Microsoft's place. Nothing is sent from it.

/**
 * SQL for whether a mailbox is paused at this moment. The mark asks once more what was read before it: a pause is written
 * together with the message that caused it, which is due again at once.
 *
 * @param tenant SQL for the tenant's id
 */
export function isPaused(tenant: string): string {
  return `EXISTS (SELECT 1 FROM mailboxes paused WHERE paused.tenant_id = ${tenant} AND greatest(paused.paused_until, paused.no_access_until) > mail_now())`
}

/** SQL for why a row of mailboxes is paused, as JSON of `Pause`; null where it is not. The pause that ends last is named. */
export function whyPaused(mailbox: string): string {
  const quota = `${mailbox}.quota_paused_until > mail_now() AND ${mailbox}.paused_until >= ${mailbox}.quota_paused_until`
  const code = `CASE WHEN ${mailbox}.paused_until >= coalesce(${mailbox}.no_access_until, '-infinity') THEN CASE WHEN ${quota} THEN 'limit-used-up' ELSE 'microsoft-asked' END
       WHEN ${isIntercepted(mailbox)} THEN 'gateway' WHEN ${mailbox}.token_refused IS NOT NULL THEN 'token-refused' ELSE 'no-access' END`
  return `(SELECT jsonb_build_object('code', why.code, 'host', CASE WHEN why.code = 'gateway' THEN ${mailbox}.gateway -> 'host' END,
       'status', CASE WHEN why.code = 'gateway' THEN ${mailbox}.gateway -> 'status' END)
       FROM (SELECT ${code} AS code) AS why WHERE greatest(${mailbox}.paused_until, ${mailbox}.no_access_until) > mail_now())`
}

type Writer = Pick<Prisma.TransactionClient, '$executeRawUnsafe'>

/** Ends a pause that Microsoft asked for, or that followed from a used-up limit, because another mailbox is connected now. */
export async function endPause(transaction: Writer, tenantId: string): Promise<void> {
  const END =
    'UPDATE mailboxes SET paused_until = NULL, quota_paused_until = least(quota_paused_until, mail_now()) WHERE tenant_id = $1'
  await transaction.$executeRawUnsafe(END, tenantId)
}

/** Ends the pause for want of access, because there is new access. A pause that Microsoft asked for stays. */
export async function endWantOfAccess(transaction: Writer, tenantId: string): Promise<void> {
  await transaction.$executeRawUnsafe('UPDATE mailboxes SET no_access_until = NULL WHERE tenant_id = $1', tenantId)
}
