import type pg from 'pg'
import { CLEANUP_LEASE_MS } from '../drafts/cleanups.ts'
import { INBOX_LEASE_MS } from '../reports/report-inboxes.ts'
import { LONGEST_WAIT_MS } from '../owner/settle.ts'
import { bucketOf } from '../usage-windows.ts'

// The clock of the database may be set back, or a standby take over whose clock is behind. Times that were written before
// then lie ahead, and mail would wait until they come.

const MOVED_AT_ONCE = 1_000

/** SQL for the earlier of a time, which may be null, and another. */
const atMost = (time: string, latest: string) => `CASE WHEN ${time} > ${latest} THEN ${latest} ELSE ${time} END`

/**
 * SQL for when a wait ends that ended at `until` by the clock as it was: now, where it was over.
 * $1 and $2 as of `BRING_PAUSES_BACK`
 */
const ended = (until: string) =>
  `CASE WHEN ${until} <= $1::timestamptz THEN least(${until}, mail_now()) ELSE ${until} - ($1::timestamptz - $2::timestamptz) END`

/** SQL for the latest end of a lease or wait that begins now. */
const within = (ms: number) => `mail_now() + interval '${ms} milliseconds'`

/**
 * Makes messages due: those that were not tried yet at once, since they wait for nothing, as well as those that were due by
 * the clock as it was and are not in doubt; and the others within the longest wait there is. In less than that Microsoft may
 * not know yet of one in doubt.
 *
 * $1 when this process last looked by the clock as it was; null where it does not know, or has done this
 */
const BRING_DUE_BACK = `
UPDATE message_queue q
   SET due_at = CASE WHEN ${waitsForNothing('q')} THEN mail_now() ELSE least(q.due_at, ${within(LONGEST_WAIT_MS)}) END,
       waits_since = least(q.waits_since, mail_now())
 WHERE q.message_id = ANY (ARRAY(
   SELECT ahead.message_id FROM counters t CROSS JOIN LATERAL (
     SELECT q.message_id FROM message_queue q
      WHERE q.tenant_id = t.tenant_id AND q.state = 'queued' AND q.due_at > mail_now() AND q.mark_id IS NULL
        AND (${waitsForNothing('q')} OR q.due_at > ${within(LONGEST_WAIT_MS)})
      ORDER BY q.due_at LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS ahead
    WHERE t.queued > 0 LIMIT ${MOVED_AT_ONCE}))`

function waitsForNothing(row: string): string {
  return `${row}.doubt = 'none' AND (${row}.attempt_count = 0 OR coalesce(${row}.due_at <= $1::timestamptz, false))`
}

/** These leases keep requests to the mailbox from mail. */
const BRING_CLEANUPS_BACK = `UPDATE mailbox_cleanups SET lease_until = ${within(CLEANUP_LEASE_MS)} WHERE lease_until > ${within(CLEANUP_LEASE_MS)}`

/** Too early a reading finds nothing new. $1 and $2 as of `BRING_PAUSES_BACK`, or null */
const BRING_INBOXES_BACK = `
UPDATE report_inboxes
   SET lease_until = ${atMost('lease_until', within(INBOX_LEASE_MS))}, due_at = least(coalesce(${ended('due_at')}, due_at), ${within(LONGEST_WAIT_MS)}),
       read_at = ${atMost('read_at', 'mail_now()')}
 WHERE lease_until > ${within(INBOX_LEASE_MS)} OR due_at > CASE WHEN $1::timestamptz IS NULL THEN ${within(LONGEST_WAIT_MS)} ELSE mail_now() END
    OR read_at > mail_now()`

/** Without this a stalled queue would go unnoticed. */
const BRING_TROUBLE_BACK = `
UPDATE mailboxes SET troubled_since = mail_now()
 WHERE tenant_id = ANY (ARRAY(SELECT tenant_id FROM mailboxes WHERE troubled_since > mail_now() FOR NO KEY UPDATE SKIP LOCKED))`

/**
 * Moves what was used ahead of now to when it was used by the clock that was set back; where that is not known, to now.
 * $1 and $2 as of `BRING_PAUSES_BACK`, or null
 */
const BRING_USAGE_BACK = `
WITH ahead AS (
  DELETE FROM mailbox_usage u
   WHERE u.ctid = ANY (ARRAY(
     SELECT later.ctid FROM counters t CROSS JOIN LATERAL (
       SELECT u.ctid FROM mailbox_usage u WHERE u.tenant_id = t.tenant_id AND u.started_at > mail_now()) AS later))
  RETURNING u.tenant_id, u.started_at, u.messages, u.recipients, u.upload_bytes
)
INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
SELECT tenant_id, ${bucketOf('least(started_at - ($1::timestamptz - $2::timestamptz), mail_now())')}, sum(messages), sum(recipients), sum(upload_bytes) FROM ahead
 GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (tenant_id, started_at) DO UPDATE
  SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients,
      upload_bytes = mailbox_usage.upload_bytes + excluded.upload_bytes`

/** Times of pauses that began this long before the clock was set back were written by it. */
const WRITTEN_BEFORE = `interval '1 minute'`

/**
 * Ends pauses that were over by the old clock and shortens the others to what was left. Each worker does this once. It
 * cannot tell a pause that another one corrected, or that began since, from one that was over; ending it early costs one
 * refusal. A quota pause is recognised by its start, since its mail would bounce.
 *
 * $1 when this process last looked by the clock as it was, $2 when it first looked by the clock that was set back
 */
const BRING_PAUSES_BACK = `
WITH ahead AS MATERIALIZED (
  SELECT m.*, m.quota_paused_at > mail_now() OR m.quota_paused_until <= $1 AND m.quota_paused_at < $2::timestamptz - ${WRITTEN_BEFORE} AS is_quota_ahead
    FROM mailboxes m WHERE greatest(m.paused_until, m.no_access_until, m.quota_paused_until) > mail_now()
   ORDER BY m.tenant_id FOR NO KEY UPDATE
), pauses AS (
  SELECT a.*, CASE WHEN a.is_quota_ahead THEN ${ended('a.quota_paused_until')} ELSE a.quota_paused_until END AS quota_until FROM ahead a
)
UPDATE mailboxes m
   SET no_access_until = ${ended('p.no_access_until')}, quota_paused_until = p.quota_until, quota_paused_at = ${atMost('p.quota_paused_at', 'mail_now()')},
       paused_until = greatest(${ended('p.paused_until')}, CASE WHEN p.paused_until >= p.quota_paused_until THEN p.quota_until END)
  FROM pauses p WHERE m.tenant_id = ANY (ARRAY(SELECT tenant_id FROM ahead)) AND m.tenant_id = p.tenant_id`

/** When a process found the clock set back. */
export interface SetBack {
  /** When it had last looked, by the clock as it was. */
  readonly from: Date
  /** When it looked next. */
  readonly to: Date
}

/**
 * Brings pauses back. A pause may be as long as Microsoft likes, so that a process which did not know the clock as it was
 * leaves them alone: it cannot tell which are over. To do it twice would end pauses that are not over.
 *
 * @returns whether there were any
 */
export async function bringPausesBack(pool: pg.Pool, { from, to }: SetBack): Promise<boolean> {
  const { rowCount } = await pool.query(BRING_PAUSES_BACK, [from, to])
  return (rowCount ?? 0) > 0
}

/**
 * Brings back other times that lie further ahead than any can. It may be done again.
 *
 * @param stopping ends it early
 * @param setBack null where the process does not know, or has brought times back since
 * @returns whether messages may leave that had to wait
 */
export async function bringTimesBack(pool: pg.Pool, setBack: SetBack | null, stopping?: AbortSignal): Promise<boolean> {
  for (const statement of [BRING_CLEANUPS_BACK, BRING_TROUBLE_BACK]) await pool.query(statement)
  for (const statement of [BRING_USAGE_BACK, BRING_INBOXES_BACK])
    await pool.query(statement, [setBack?.from ?? null, setBack?.to ?? null])
  let isMoved = false
  for (;;) {
    const { rowCount } = await pool.query(BRING_DUE_BACK, [setBack?.from ?? null])
    if ((rowCount ?? 0) > 0) isMoved = true
    if ((rowCount ?? 0) < MOVED_AT_ONCE || stopping?.aborted === true) return isMoved
  }
}
