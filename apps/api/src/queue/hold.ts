import { HeldBecause } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import type { Prisma } from '../database/generated/client.ts'
import { wakeWorkers } from './wake.ts'

// held ──access again──▶ queued. Messages become held in submit.ts and settle.ts.

const RELEASED = `state = 'queued', held_because = NULL, due_at = mail_now()`

const reasons = (held: readonly HeldBecause[]): string => `ARRAY[${held.map((reason) => `'${reason}'`).join(', ')}]`

/** Releases held messages whose reason is gone, which happens when they were held while the settings changed. */
const RELEASE_HELD = `
UPDATE message_queue SET ${RELEASED}
 WHERE message_id = ANY (ARRAY(
   SELECT free.message_id
     FROM mailbox_totals t JOIN tenant_settings s ON s.tenant_id = t.tenant_id
    CROSS JOIN LATERAL (
      SELECT q.message_id FROM message_queue q
       WHERE q.tenant_id = t.tenant_id AND q.state = 'held'
         AND q.held_because = ANY (CASE WHEN s.large_attachments THEN ${reasons(HeldBecause.options)}
                                        ELSE ${reasons(HeldBecause.options.filter((reason) => reason !== 'large-attachments-disabled'))} END)
       LIMIT 1000 FOR UPDATE SKIP LOCKED) AS free
    WHERE t.held > 0 AND s.status = 'connected' AND s.problem IS NULL
    LIMIT 1000))`

/** Releases at most 1,000 messages, and returns how many it released. */
export async function releaseHeld(pool: pg.Pool): Promise<number> {
  return (await pool.query({ name: 'release-held', text: RELEASE_HELD })).rowCount ?? 0
}

const REGROUPED_AT_ONCE = 1_000

/** $1 tenant, $2 at most */
const RELEASE_TENANT = `
UPDATE message_queue SET ${RELEASED}
 WHERE message_id = ANY (ARRAY(SELECT message_id FROM message_queue WHERE tenant_id = $1 AND state = 'held' LIMIT $2 FOR UPDATE))`

/** $1 tenant, $2 at most, $3 reason */
const GIVE_REASON = `
UPDATE message_queue SET held_because = $3
 WHERE message_id = ANY (ARRAY(
   SELECT message_id FROM message_queue WHERE tenant_id = $1 AND state = 'held' AND held_because <> $3 LIMIT $2 FOR UPDATE))`

/**
 * Gives a tenant's held messages another reason, or releases them when `because` is null. It changes 1,000 at most; the
 * workers release the rest.
 */
export async function regroupHeld(
  transaction: Prisma.TransactionClient,
  tenantId: string,
  because: HeldBecause | null,
): Promise<void> {
  if (because !== null) {
    await transaction.$executeRawUnsafe(GIVE_REASON, tenantId, REGROUPED_AT_ONCE, because)
    return
  }
  await transaction.$executeRawUnsafe(RELEASE_TENANT, tenantId, REGROUPED_AT_ONCE)
  await wakeWorkers(transaction, tenantId)
}
