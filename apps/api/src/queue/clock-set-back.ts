import type pg from 'pg'
import { LEASE_MS } from './claim.ts'
import { CLEANUP_LEASE_MS } from './cleanups.ts'
import { leasedRows } from './columns.ts'
import { INBOX_LEASE_MS } from './report-inboxes.ts'
import { LONGEST_WAIT_MS } from './settle.ts'
import { bucketOf, UPLOAD_WINDOW } from './usage-windows.ts'

// The clock of the database may be set back, or a standby take over whose clock is behind. Times that were written before
// then lie ahead, and mail would wait until they come.

const MOVED_AT_ONCE = 1_000

/** SQL for the latest time that a lease or a wait can end which begins now. */
const within = (ms: number) => `mail_now() + interval '${ms} milliseconds'`

/**
 * Makes messages due: those that were not tried yet at once, since they wait for nothing, and the others within the longest
 * wait there is. In less than that Microsoft may not know yet of one in doubt.
 */
const BRING_DUE_BACK = `
UPDATE message_queue q
   SET due_at = CASE WHEN ${isFresh('q')} THEN mail_now() ELSE least(q.due_at, ${within(LONGEST_WAIT_MS)}) END,
       waits_since = least(q.waits_since, mail_now())
 WHERE q.message_id = ANY (ARRAY(
   SELECT ahead.message_id FROM mailbox_totals t CROSS JOIN LATERAL (
     SELECT q.message_id FROM message_queue q
      WHERE q.tenant_id = t.tenant_id AND q.state = 'queued' AND q.due_at > mail_now() AND q.lease_owner IS NULL
        AND (${isFresh('q')} OR q.due_at > ${within(LONGEST_WAIT_MS)})
      ORDER BY q.due_at LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS ahead
    WHERE t.queued > 0 LIMIT ${MOVED_AT_ONCE}))`

function isFresh(row: string): string {
  return `${row}.attempt_count = 0 AND ${row}.doubt = 'none'`
}

/** Leases of workers that are alive do not end before these know it: they count from when they asked. */
const BRING_LEASES_BACK = `
UPDATE message_queue q SET lease_until = ${within(LEASE_MS)}
 WHERE q.message_id = ANY (ARRAY(
   SELECT held.message_id FROM message_queue held
    WHERE held.message_id = ANY (ARRAY(
            SELECT leased.message_id FROM (${leasedRows('SELECT tenant_id, sending FROM mailbox_totals')}) AS leased WHERE leased.lease_until > ${within(LEASE_MS)}))
      AND held.lease_until > ${within(LEASE_MS)}
      FOR UPDATE SKIP LOCKED))`

/** These leases keep requests to the mailbox from mail. */
const BRING_CLEANUPS_BACK = `UPDATE mailbox_cleanups SET lease_until = ${within(CLEANUP_LEASE_MS)} WHERE lease_until > ${within(CLEANUP_LEASE_MS)}`
const BRING_INBOXES_BACK = `UPDATE report_inboxes SET lease_until = ${within(INBOX_LEASE_MS)} WHERE lease_until > ${within(INBOX_LEASE_MS)}`

/** Else a queue that stands still would not be noticed. */
const BRING_TROUBLE_BACK = `
UPDATE mailboxes SET troubled_since = mail_now()
 WHERE tenant_id = ANY (ARRAY(SELECT tenant_id FROM mailboxes WHERE troubled_since > mail_now() FOR UPDATE SKIP LOCKED))`

/**
 * Moves what was used ahead of now to where the limit of a day counts it, but no other does: when it was used in truth is
 * not known, and mail need not wait for that.
 */
const BRING_USAGE_BACK = `
WITH ahead AS (
  DELETE FROM mailbox_usage u
   WHERE u.ctid = ANY (ARRAY(
     SELECT later.ctid FROM mailbox_totals t CROSS JOIN LATERAL (
       SELECT u.ctid FROM mailbox_usage u WHERE u.tenant_id = t.tenant_id AND u.started_at > mail_now()) AS later))
  RETURNING u.tenant_id, u.messages, u.recipients, u.upload_bytes
)
INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
SELECT tenant_id, ${bucketOf(`mail_now() - ${UPLOAD_WINDOW.interval}`)}, sum(messages), sum(recipients), sum(upload_bytes) FROM ahead
 GROUP BY 1 ORDER BY 1
ON CONFLICT (tenant_id, started_at) DO UPDATE
  SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients,
      upload_bytes = mailbox_usage.upload_bytes + excluded.upload_bytes`

/**
 * Brings back times that lie further ahead than any can. A pause that Microsoft asked for is left alone, since it may be as
 * long as it likes.
 *
 * @returns whether messages are due that were not
 */
export async function bringTimesBack(pool: pg.Pool): Promise<boolean> {
  for (const statement of [
    BRING_USAGE_BACK,
    BRING_LEASES_BACK,
    BRING_CLEANUPS_BACK,
    BRING_INBOXES_BACK,
    BRING_TROUBLE_BACK,
  ])
    await pool.query(statement)
  let isMoved = false
  for (;;) {
    const { rowCount } = await pool.query(BRING_DUE_BACK)
    if ((rowCount ?? 0) > 0) isMoved = true
    if ((rowCount ?? 0) < MOVED_AT_ONCE) return isMoved
  }
}
