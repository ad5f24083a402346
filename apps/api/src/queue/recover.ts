import type pg from 'pg'
import { noteAttempts } from './attempts.ts'
import { idsOf, leasedRows, NO_LEASE } from './columns.ts'
import { failExpired, type ExpiredMessage } from './expired.ts'
import { releaseHeld } from './hold.ts'
import { bucketOf } from './usage-windows.ts'
import { DELIVERY_SENTENCES } from '../delivery-sentences.ts'

// sending ──the lease runs out──▶ queued, in doubt where it was tried; scheduled ──its time comes──▶ queued.

const MOVED_AT_ONCE = 1_000

/**
 * Takes messages back whose lease has expired. One that was tried may have been sent: it is in doubt from now on, unless
 * the outcome of that attempt still arrives, and it counts against the mailbox's limits. The others were not sent.
 */
const RECOVER_ABANDONED = `
WITH expired AS MATERIALIZED (
  SELECT message_id, lease_owner FROM (${leasedRows('SELECT tenant_id, sending FROM mailbox_totals')}) AS leased
   WHERE lease_until < mail_now() LIMIT ${MOVED_AT_ONCE}
), abandoned AS MATERIALIZED (
  SELECT q.message_id, q.attempt_id IS NOT DISTINCT FROM q.lease_owner AS tried
    FROM message_queue q JOIN expired e ON e.message_id = q.message_id
   WHERE q.message_id = ${idsOf('expired')} AND q.lease_owner = e.lease_owner AND q.lease_until < mail_now()
     FOR UPDATE OF q SKIP LOCKED
), recovered AS (
  UPDATE message_queue q
     SET due_at = mail_now(), doubt = CASE WHEN a.tried THEN 'in-doubt' ELSE q.doubt END, looks = CASE WHEN a.tried THEN 0 ELSE q.looks END,
         ${NO_LEASE}
    FROM abandoned a WHERE q.message_id = ${idsOf('abandoned')} AND q.message_id = a.message_id
  RETURNING q.message_id, q.tenant_id, q.recipients, a.tried, q.uploading
), attempts AS (
  SELECT message_id, tenant_id, mail_now() AS at, CASE WHEN tried THEN 'unknown' ELSE 'unavailable' END AS outcome, NULL::text AS code,
         CASE WHEN tried THEN '${DELIVERY_SENTENCES['abandoned-sending']}' WHEN uploading THEN '${DELIVERY_SENTENCES['abandoned-uploading']}'
              ELSE '${DELIVERY_SENTENCES['abandoned']}' END AS detail,
         jsonb_build_object('detail', jsonb_build_array(CASE WHEN tried THEN 'abandoned-sending' WHEN uploading THEN 'abandoned-uploading' ELSE 'abandoned' END)) AS facts
    FROM recovered
), ${noteAttempts('attempts')}, used AS (
  INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
  SELECT tenant_id, ${bucketOf('mail_now()')}, count(*), sum(recipients) FROM recovered WHERE tried
   GROUP BY 1 ORDER BY 1
  ON CONFLICT (tenant_id, started_at) DO UPDATE
    SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients
), noticed AS (
  INSERT INTO mailboxes AS m (tenant_id, troubled_since) SELECT DISTINCT tenant_id, mail_now() FROM recovered ORDER BY 1
  ON CONFLICT (tenant_id) DO UPDATE SET troubled_since = excluded.troubled_since WHERE m.troubled_since IS NULL
)
SELECT message_id AS id FROM recovered`

/** Queues scheduled messages whose time has come. */
const RELEASE_SCHEDULED = `
UPDATE message_queue SET state = 'queued'
 WHERE message_id = ANY (ARRAY(SELECT message_id FROM message_queue WHERE state = 'scheduled' AND due_at <= mail_now()
                               ORDER BY due_at LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED))`

export interface Recovered {
  /** Their lease had run out. */
  readonly abandoned: readonly string[]
  readonly expired: readonly ExpiredMessage[]
  readonly moved: boolean
  readonly more: boolean
}

/**
 * Queues what dead workers held, and scheduled or held messages that may leave now. Those whose time is over fail first.
 *
 * @returns `more`: a batch was full, so there may be more to move
 */
export async function recoverMessages(pool: pg.Pool): Promise<Recovered> {
  const { rows } = await pool.query<{ id: string }>({ name: 'recover-abandoned', text: RECOVER_ABANDONED })
  const { expired, more } = await failExpired(pool)
  const scheduled = await pool.query({ name: 'release-scheduled', text: RELEASE_SCHEDULED })
  const moved = [rows.length, scheduled.rowCount ?? 0, await releaseHeld(pool)]
  return {
    abandoned: rows.map(({ id }) => id),
    expired,
    moved: moved.some((count) => count > 0),
    more: more || moved.includes(MOVED_AT_ONCE),
  }
}
