import { noteRetried } from '../../database/failed-alert.sql.ts'
import type { PrismaClient } from '../../database/generated/client.ts'
import { auditPerson, type ActedOn, type Actor } from '../actor.ts'
import { enqueue, isOfTenant, isRetryable, sizeOf, uploadBytesOf } from '../columns.ts'
import { addToCounters, queueRows } from '../counters.ts'
import { wakeWorkers } from '../owner/wake.ts'

// failed ──somebody retries──▶ queued.

/**
 * Queues failed messages again; their drafts were deleted in the mailbox. One that may have been sent already is marked as
 * a possible duplicate. One whose time is over would only expire. The late outcome of an earlier attempt is still accepted.
 *
 * $1 ids, $2 tenant, $3 service, or null for any
 */
export const RETRY = `
WITH retried AS MATERIALIZED (
  SELECT m.*, ${sizeOf('c')} AS size, ${uploadBytesOf('c')} AS upload_bytes,
         m.possible_duplicate /* fence: retry */ OR coalesce(m.problem ->> 'code' = 'outcome-unknown', false) /* end */ AS may_be_sent
    FROM messages m JOIN message_contents c ON c.message_id = m.id
   WHERE m.id = ANY ($1::text[]) AND ${isOfTenant('m', '$2')} AND ($3::text IS NULL OR m.service = $3) AND ${isRetryable('m')}
     AND c.message_id = ANY ($1::text[]) AND c.content IS NOT NULL
     FOR NO KEY UPDATE OF m
), begun AS (
  UPDATE messages m
     SET outcome = NULL, ended_at = NULL, failed_at = NULL, content_kept = false, problem = NULL, possible_duplicate = r.may_be_sent
    FROM retried r WHERE m.id = ANY (ARRAY(SELECT id FROM retried)) AND m.id = r.id
), queued AS (${enqueue('retried', {
  state: `'queued'`,
  due_at: 'mail_now()',
  possible_duplicate: 'may_be_sent',
  from_email: 'from_email',
  attempt_id: 'attempt_id',
})}
), noted AS (${noteRetried('retried', '$2')}
  RETURNING a.id
), counted AS (${addToCounters([queueRows('+', 'queued')], '(SELECT count(*) FROM noted) >= 0')}
)
SELECT id, service FROM retried WHERE (SELECT count(*) FROM counted) >= 0`

/** Returns false when the message has not failed, has expired, or its content is gone. */
export async function retryMessage(prisma: PrismaClient, actor: Actor, id: string, now: Date): Promise<boolean> {
  return prisma.$transaction(async (transaction) => {
    const { tenantId, service } = actor
    const [retried] = await transaction.$queryRawUnsafe<ActedOn[]>(RETRY, [id], tenantId, service)
    if (!retried) return false
    await wakeWorkers(transaction)
    await auditPerson(transaction, actor, 'message-retried', retried, now)
    return true
  })
}
