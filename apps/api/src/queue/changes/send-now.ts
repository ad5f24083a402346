import type { Prisma, PrismaClient } from '../../database/generated/client.ts'
import { dismissAlerts } from '../../database/alert-log.ts'
import { appendAuditEvent } from '../../database/audit-log.ts'
import { wakeWorkers } from '../owner/wake.ts'

/** Where Graph refuses the tokens, or something answers in its place, access is not what the mailbox waits for. $1 tenant */
const END_PAUSE = `
UPDATE mailboxes m SET paused_until = NULL, quota_paused_until = CASE WHEN m.quota_paused_until > mail_now() THEN mail_now() ELSE m.quota_paused_until END,
       no_access_until = CASE WHEN m.token_refused IS NULL AND m.gateway IS NULL THEN m.no_access_until END
  FROM (SELECT greatest(paused_until, CASE WHEN token_refused IS NOT NULL OR gateway IS NOT NULL THEN no_access_until END) AS paused_until
          FROM mailboxes WHERE tenant_id = $1 FOR NO KEY UPDATE) AS before
 WHERE m.tenant_id = $1 AND before.paused_until > mail_now()
RETURNING before.paused_until`

/** $1 tenant */
const PROBE = `UPDATE mailboxes SET probe_at = mail_now() WHERE tenant_id = $1 AND hold IS NOT NULL`

/** $1 tenant */
const END_WAITS = `
UPDATE message_queue SET due_at = mail_now()
 WHERE message_id = ANY (ARRAY(
   SELECT message_id FROM message_queue
    WHERE tenant_id = $1 AND state = 'queued' AND due_at > mail_now() AND mark_id IS NULL AND refusals > 0 FOR UPDATE SKIP LOCKED))`

/** $1 tenant */
const ANSWERS_FOR_ENTRA = `SELECT FROM mailboxes WHERE tenant_id = $1 AND (gateway ->> 'forEntra')::boolean`

/** Has Entra asked again at once, in a transaction that has locked nothing of the queue. */
export type EndRefreshWait = (transaction: Prisma.TransactionClient, tenantId: string) => Promise<void>

/**
 * Ends a pause that Microsoft asked for, or that followed from a used-up limit, from refused tokens or from what answers in
 * Microsoft's place, and the waits of messages that were refused. Of a mailbox that refuses mail one message is tried. The pause for want of access stays,
 * unless something answered in Entra's place.
 *
 * @param actor the id of the person
 */
export async function sendNow(
  prisma: PrismaClient,
  endRefreshWait: EndRefreshWait,
  tenantId: string,
  actor: string,
): Promise<void> {
  await prisma.$transaction(async (transaction) => {
    const isForEntra = (await transaction.$queryRawUnsafe<unknown[]>(ANSWERS_FOR_ENTRA, tenantId)).length > 0
    if (isForEntra) await endRefreshWait(transaction, tenantId)
    const [clock] = await transaction.$queryRawUnsafe<{ now: Date }[]>('SELECT mail_now() AS now')
    const [ended] = await transaction.$queryRawUnsafe<{ paused_until: Date }[]>(END_PAUSE, tenantId)
    const probed = await transaction.$executeRawUnsafe(PROBE, tenantId)
    const due = await transaction.$executeRawUnsafe(END_WAITS, tenantId)
    if (!clock || (!ended && probed + due === 0)) return
    const { now } = clock
    await wakeWorkers(transaction)
    if (ended) await dismissAlerts(transaction, tenantId, 'quota', now)
    await appendAuditEvent(transaction, {
      tenantId,
      at: now,
      actor,
      action: 'sending-resumed',
      outcome: 'done',
      details: ended ? { pausedUntil: ended.paused_until.toISOString() } : {},
    })
  })
}
