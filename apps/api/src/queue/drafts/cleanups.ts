import type pg from 'pg'
import type { MailboxLimits } from '../mailbox/limits.ts'
import type { Owned } from '../owner/ownership.ts'
import { ownedBoxes } from '../owner/ownership.sql.ts'
import { isPaused } from '../mailbox/pause.ts'
import { readingInboxes } from '../reports/report-inboxes.ts'
import { countersOf } from '../counters.ts'

// Drafts and copies that have to be deleted in a mailbox. Each deletion counts as one of the mailbox's requests.

export const CLEANUP_LEASE_MS = 60_000
/** By then Microsoft has carried out a request whose answer was lost, or never will. */
const STRAY_AFTER_MS = 5 * 60_000

/** An item that the product created in a mailbox and has to delete. */
export interface Cleanup {
  readonly tenantId: string
  /** Microsoft's id of the item; for a stray the id of our message, because the item's own is unknown. */
  readonly itemId: string
  /** The address of the mailbox that it lies in; empty for what 1.5 left, which means the one that is connected. */
  readonly mailbox: string
  /**
   * `draft`: of a message that was not sent. `copy`: in Sent Items, of one that was. `stray`: a draft that was asked for
   * and whose id was not stored, because the answer was lost or the process ended.
   */
  readonly kind: 'draft' | 'copy' | 'stray'
  readonly ageMs: number
}

type Place = Pick<Cleanup, 'tenantId' | 'itemId' | 'mailbox'>

/** $1 tenant, $2 item, $3 mailbox, $4 kind, $5 ms until it is due */
const RECORD = `
INSERT INTO mailbox_cleanups (tenant_id, item_id, mailbox, kind, created_at, due_at)
VALUES ($1, $2, $3, $4, mail_now(), mail_now() + $5 * interval '1 millisecond')
ON CONFLICT DO NOTHING`

/**
 * Records that a draft with an unknown id may be in the mailbox, or may still appear there. Written before a draft is asked
 * for, since the process may end before it has stored its id.
 *
 * @returns false where it was recorded before, about another request
 */
export async function mayHaveLeftDraft(
  pool: pg.Pool,
  tenantId: string,
  messageId: string,
  mailbox: string,
): Promise<boolean> {
  return (await pool.query(RECORD, [tenantId, messageId, mailbox, 'stray', STRAY_AFTER_MS])).rowCount === 1
}

/**
 * Records a draft that is deleted now. Written before, since that takes two requests: what has only moved to Deleted Items is
 * found by its id alone.
 */
export async function recordDeletion(pool: pg.Pool, { tenantId, itemId, mailbox }: Place): Promise<void> {
  await pool.query(RECORD, [tenantId, itemId, mailbox, 'draft', CLEANUP_LEASE_MS])
}

/** $1 message, $2 ms within which an accepted draft leaves */
const IS_UNDER_WAY = `
SELECT 1 FROM messages WHERE id = $1 AND (outcome IS NULL OR sent_at > mail_now() - $2 * interval '1 millisecond')`

/**
 * Whether a draft of the message may still be needed: the message has not ended, or Microsoft accepted it less than
 * `leavesWithinMs` ago, so that its draft may still be leaving.
 */
export async function isUnderWay(pool: pg.Pool, messageId: string, leavesWithinMs: number): Promise<boolean> {
  return (await pool.query(IS_UNDER_WAY, [messageId, leavesWithinMs])).rowCount === 1
}

/**
 * Leases one deletion in each connected mailbox of this process that is below its limit of concurrent requests. What a newer
 * version wants deleted in another way is left to it.
 * $1 tenants, $2 that limit or 0 for none, $3 lease in ms, $4 this process, $5 its epochs
 */
const CLAIM_CLEANUPS = `
WITH ${ownedBoxes('$4', '$1', '$5')}, picked AS MATERIALIZED (
  SELECT due.tenant_id, due.item_id, due.mailbox
    FROM owned AS b JOIN tenant_settings s ON s.tenant_id = b.tenant_id CROSS JOIN LATERAL (
      SELECT c.tenant_id, c.item_id, c.mailbox FROM mailbox_cleanups c
       WHERE c.tenant_id = b.tenant_id AND c.kind IN ('draft', 'copy', 'stray') AND c.due_at <= mail_now() AND (c.lease_until IS NULL OR c.lease_until <= mail_now())
       ORDER BY c.due_at, c.item_id LIMIT 1) AS due
   WHERE s.status = 'connected' AND s.problem IS NULL AND NOT ${isPaused('b.tenant_id')}
     AND ($2 = 0 OR $2 > coalesce((${countersOf('b.tenant_id', 'sending')}), 0)
                         + (SELECT count(*) FROM mailbox_cleanups c WHERE c.tenant_id = b.tenant_id AND c.lease_until > mail_now())
                         + ${readingInboxes('b.tenant_id')})
)
UPDATE mailbox_cleanups c SET lease_until = mail_now() + $3 * interval '1 millisecond'
  FROM picked p WHERE c.tenant_id = p.tenant_id AND c.item_id = p.item_id AND c.mailbox = p.mailbox
RETURNING c.tenant_id AS "tenantId", c.item_id AS "itemId", c.mailbox, c.kind, floor(extract(epoch FROM mail_now() - c.created_at) * 1000)::float8 AS "ageMs"`

export async function claimCleanups(
  pool: pg.Pool,
  { concurrency }: MailboxLimits,
  { owner, tenants, epochs }: Owned,
): Promise<Cleanup[]> {
  const values = [tenants, concurrency, CLEANUP_LEASE_MS, owner, epochs]
  const { rows } = await pool.query<Cleanup>({ name: 'claim-cleanups', text: CLAIM_CLEANUPS, values })
  return rows
}

/** $1 tenant, $2 item */
const IS_TO_BE_DELETED = `SELECT 1 FROM mailbox_cleanups WHERE tenant_id = $1 AND item_id = $2`

export async function isToBeDeleted(pool: pg.Pool, tenantId: string, itemId: string): Promise<boolean> {
  return (await pool.query(IS_TO_BE_DELETED, [tenantId, itemId])).rowCount === 1
}

/** $1 tenant, $2 item, $3 mailbox */
const END_CLEANUP = `DELETE FROM mailbox_cleanups WHERE tenant_id = $1 AND item_id = $2 AND mailbox = $3`

export async function endCleanup(pool: pg.Pool, { tenantId, itemId, mailbox }: Place): Promise<void> {
  await pool.query(END_CLEANUP, [tenantId, itemId, mailbox])
}

/** $1 tenant, $2 item, $3 mailbox, $4 ms until the next try */
const POSTPONE_CLEANUP = `
UPDATE mailbox_cleanups SET due_at = mail_now() + $4 * interval '1 millisecond', lease_until = NULL
 WHERE tenant_id = $1 AND item_id = $2 AND mailbox = $3`

export async function postponeCleanup(
  pool: pg.Pool,
  { tenantId, itemId, mailbox }: Cleanup,
  waitMs: number,
): Promise<void> {
  await pool.query(POSTPONE_CLEANUP, [tenantId, itemId, mailbox, waitMs])
}
