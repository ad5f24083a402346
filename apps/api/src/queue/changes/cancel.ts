import type { PrismaClient } from '../../database/generated/client.ts'
import { auditPerson, type ActedOn, type Actor } from '../actor.ts'
import { isCancellable, isOfTenant } from '../columns.ts'
import { endUnsent, LEFT_COLUMNS } from './end-unsent.ts'

// What people, services and time do to messages needs nobody's leave: any process does it, by one statement on the row of
// message_queue, and its condition says from which states (states.ts). The owner of the mailbox is not asked. It has marked the
// message before, and then the condition fails; or it has not, and then its mark finds no row. Whoever ends, holds or releases
// a message adds to the counters and writes its event in the same statement, and a person's change is audited in the same
// transaction (actor.ts). What ends unsent shares end-unsent.ts, many at once are changed batch by batch by bulk.ts, and what
// has come due is looked for every second or two (release.ts, expiry.ts).

// scheduled, queued, held ──somebody cancels──▶ cancelled; also sending, while its draft is being filled.

/** Before a cancel, so that it sees the draft that was stored while it waited. $1 ids */
export const LOCK_TO_CANCEL = `SELECT FROM message_queue WHERE message_id = ANY ($1::text[]) ORDER BY message_id FOR UPDATE`

/**
 * Cancels messages that cannot have been sent. That includes one whose attachments are being uploaded: only who has
 * marked it sends the draft, and the mark ends here. The draft is queued for deletion in the mailbox.
 *
 * $1 ids, $2 tenant, $3 service, or null for any
 */
export const CANCEL = `
WITH cancelled AS (
  DELETE FROM message_queue q USING messages m
   WHERE q.message_id = ANY ($1::text[]) AND m.id = ANY ($1::text[]) AND m.id = q.message_id
     AND ${isOfTenant('m', '$2')} AND ($3::text IS NULL OR m.service = $3) AND ${isCancellable('q')}
  RETURNING ${LEFT_COLUMNS}, m.service
), ${endUnsent('cancelled', { problem: null })}
SELECT message_id AS id, service FROM cancelled WHERE (SELECT count(*) FROM counted) >= 0`

/** Returns false when the message may already have been sent, or has ended. */
export async function cancelMessage(prisma: PrismaClient, actor: Actor, id: string, now: Date): Promise<boolean> {
  return prisma.$transaction(async (transaction) => {
    const { tenantId, service } = actor
    await transaction.$executeRawUnsafe(LOCK_TO_CANCEL, [id])
    const [cancelled] = await transaction.$queryRawUnsafe<ActedOn[]>(CANCEL, [id], tenantId, service)
    if (!cancelled) return false
    await auditPerson(transaction, actor, 'message-cancelled', cancelled, now)
    return true
  })
}
