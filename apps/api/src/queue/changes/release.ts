import type { HeldBecause } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import type { Prisma } from '../../database/generated/client.ts'
import { addToCounters, countAndTell, heldEvents, MOVED_COLUMNS, queueRows } from '../counters.ts'
import { wakeWorkers } from '../owner/wake.ts'
import { failExpired, type ExpiredMessage } from './expiry.ts'

// held ──its reason is gone──▶ queued; scheduled ──its time comes──▶ queued. Messages become held where they are submitted,
// in settle.ts and in tend-mailboxes.ts. A release names the reasons that are gone, so that it leaves alone what is held for
// another one, also of a newer version.

/** The connection itself: whoever connects the mailbox ends all of them. */
export const WAITS_FOR_CONNECTION = [
  'not-configured',
  'reconnect-required',
  'app-misconfigured',
] as const satisfies readonly HeldBecause[]

const inSql = (reasons: readonly HeldBecause[]): string =>
  `ARRAY[${reasons.map((reason) => `'${reason}'`).join(', ')}]::text[]`

/**
 * A statement that releases held messages, and returns a row for each.
 *
 * @param chosen a query for their `message_id` that locks them
 */
const releasing = (chosen: string): string => `
WITH released AS (
  UPDATE message_queue q SET state = 'queued', held_because = NULL, due_at = mail_now()
   WHERE q.message_id = ANY (ARRAY(${chosen}))
  RETURNING ${MOVED_COLUMNS}
), ${countAndTell([queueRows('-', 'released', { state: `'held'` }), queueRows('+', 'released')], [heldEvents('released q')])}
SELECT FROM released WHERE (SELECT count(*) FROM counted) >= 0`

const MOVED_AT_ONCE = 1_000

/** Releases held messages whose reason is gone, which happens when they were held while the settings changed. */
const RELEASE_HELD = releasing(`
   SELECT free.message_id
     FROM counters t JOIN tenant_settings s ON s.tenant_id = t.tenant_id LEFT JOIN mailboxes b ON b.tenant_id = t.tenant_id
    CROSS JOIN LATERAL (
      SELECT q.message_id FROM message_queue q
       WHERE q.tenant_id = t.tenant_id AND q.state = 'held'
         AND q.held_because = ANY (${inSql(WAITS_FOR_CONNECTION)}
                                   || CASE WHEN s.large_attachments THEN ${inSql(['large-attachments-disabled'])} END
                                   || CASE WHEN b.hold IS NULL THEN ${inSql(['mailbox-refused'])} END)
       LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS free
    WHERE t.held > 0 AND s.status = 'connected' AND s.problem IS NULL
    LIMIT ${MOVED_AT_ONCE}`)

/** Queues scheduled messages whose time has come. */
const RELEASE_SCHEDULED = `
WITH released AS (
  UPDATE message_queue q SET state = 'queued'
   WHERE q.message_id = ANY (ARRAY(SELECT message_id FROM message_queue WHERE state = 'scheduled' AND due_at <= mail_now()
                                   ORDER BY due_at LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED))
  RETURNING ${MOVED_COLUMNS}
), counted AS (${addToCounters([queueRows('-', 'released', { state: `'scheduled'` }), queueRows('+', 'released')])}
)
SELECT FROM released WHERE (SELECT count(*) FROM counted) >= 0`

export interface Released {
  readonly expired: readonly ExpiredMessage[]
  readonly moved: boolean
  /** There may be more to release or to fail. */
  readonly more: boolean
}

/** Fails messages whose time is over, and then queues scheduled and held ones that may leave now. */
export async function releaseMessages(pool: pg.Pool): Promise<Released> {
  const { expired, more } = await failExpired(pool)
  const scheduled = await pool.query({ name: 'release-scheduled', text: RELEASE_SCHEDULED })
  const held = await pool.query({ name: 'release-held', text: RELEASE_HELD })
  const moved = [scheduled.rowCount ?? 0, held.rowCount ?? 0]
  return { expired, moved: moved.some((count) => count > 0), more: more || moved.includes(MOVED_AT_ONCE) }
}

/** $1 tenant, $2 at most, $3 reasons */
const RELEASE = releasing(`
   SELECT message_id FROM message_queue WHERE tenant_id = $1 AND state = 'held' AND held_because = ANY ($3) LIMIT $2 FOR UPDATE`)

/** $1 tenant, $2 at most, $3 reasons, $4 the reason from now on */
const GIVE_REASON = `
UPDATE message_queue SET held_because = $4
 WHERE message_id = ANY (ARRAY(
   SELECT message_id FROM message_queue WHERE tenant_id = $1 AND state = 'held' AND held_because = ANY ($3) AND held_because <> $4
    LIMIT $2 FOR UPDATE))`

/**
 * Gives messages of a tenant that are held for one of `reasons` another one, or releases them when `because` is null. It
 * changes 1,000 at most; the workers release the rest.
 */
export async function regroupHeld(
  transaction: Prisma.TransactionClient,
  tenantId: string,
  reasons: readonly HeldBecause[],
  because: HeldBecause | null,
): Promise<void> {
  if (because !== null) {
    await transaction.$executeRawUnsafe(GIVE_REASON, tenantId, MOVED_AT_ONCE, reasons, because)
    return
  }
  await transaction.$executeRawUnsafe(RELEASE, tenantId, MOVED_AT_ONCE, reasons)
  await wakeWorkers(transaction)
}
