import type { PrismaClient } from '../database/generated/client.ts'
import { auditPerson, type ActedOn, type Actor } from './actor.ts'
import { deleteContents, deleteDrafts, idsOf, isOfTenant } from './columns.ts'

// scheduled, queued, held ──somebody cancels──▶ cancelled; also sending, while its draft is being filled.

/**
 * Cancels a message that cannot have been sent. That includes one whose attachments are being uploaded: only the holder
 * of the lease sends the draft, and the lease ends here. The draft is queued for deletion in the mailbox.
 *
 * $1 id, $2 tenant, $3 service, or null for any
 */
const CANCEL = `
WITH cancelled AS (
  DELETE FROM message_queue q USING messages m
   WHERE q.message_id = $1 AND m.id = $1 AND ${isOfTenant('m', '$2')} AND ($3::text IS NULL OR m.service = $3)
     AND q.doubt = 'none' AND NOT q.possible_duplicate AND (q.lease_owner IS NULL OR q.uploading)
  RETURNING q.message_id, m.tenant_id, m.service, m.created_at
), recorded AS (
  UPDATE messages SET outcome = 'cancelled', ended_at = mail_now() WHERE id = ${idsOf('cancelled')}
), unsent AS (
  INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content)
  SELECT message_id, tenant_id, service, 'cancelled', created_at, mail_now(), false FROM cancelled
), ${deleteContents('cancelled')}, ${deleteDrafts('cancelled', `'draft'`)}
SELECT service FROM cancelled`

/** Returns false when the message may already have been sent, or has ended. */
export async function cancelMessage(prisma: PrismaClient, actor: Actor, id: string, now: Date): Promise<boolean> {
  return prisma.$transaction(async (transaction) => {
    const { tenantId, service } = actor
    const [cancelled] = await transaction.$queryRawUnsafe<Pick<ActedOn, 'service'>[]>(CANCEL, id, tenantId, service)
    if (!cancelled) return false
    await auditPerson(transaction, actor, 'message-cancelled', { id, ...cancelled }, now)
    return true
  })
}
