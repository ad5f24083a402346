import type pg from 'pg'
import { forgetIndexed } from './search-index.ts'
import { deleteContents, idsOf, lockTotals } from './columns.ts'

// sent, failed, cancelled ──kept long enough──▶ without content, then deleted.

const BATCH = 5_000
/** Small, because each may have gigabytes of chunks, and a statement times out after 30 s. */
const CHUNKED_BATCH = 10
const DAY_MS = 24 * 60 * 60_000

/** Deletes the content of messages that were not sent. $1 ended before, $2 at most, $3 whether it is chunked */
const FORGET_CONTENT = `
WITH old AS MATERIALIZED (
  SELECT u.message_id FROM unsent_messages u
   WHERE u.has_content AND u.ended_at < $1
     AND coalesce((SELECT c.chunked FROM message_contents c WHERE c.message_id = u.message_id), false) = $3
   LIMIT $2 FOR UPDATE OF u SKIP LOCKED
), ${deleteContents('old')}
UPDATE unsent_messages SET has_content = false WHERE message_id = ${idsOf('old')}`

/**
 * Deletes messages with their attempts. It walks each tenant's messages in the order of submission, so that no index on
 * `ended_at` has to be maintained. It skips messages whose content another transaction kept from being deleted.
 * $1 ended before, $2 at most
 */
const FORGET_MESSAGES = `
WITH old AS MATERIALIZED (
  SELECT each.id AS message_id, t.tenant_id FROM mailbox_totals t CROSS JOIN LATERAL (
    SELECT m.id FROM messages m WHERE m.tenant_id = t.tenant_id AND m.created_at < $1 AND m.ended_at < $1
       AND (SELECT u.has_content FROM unsent_messages u WHERE u.message_id = m.id) IS NOT TRUE
     ORDER BY m.created_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS each
   LIMIT $2
), unsent AS (
  DELETE FROM unsent_messages WHERE message_id = ${idsOf('old')}
), late AS (
  DELETE FROM search_late WHERE message_id = ${idsOf('old')}
), counted AS MATERIALIZED (${lockTotals('old')})
DELETE FROM messages WHERE id = ${idsOf('old')} AND (SELECT count(*) FROM counted) >= 0`

const FORGET_KEYS = `
DELETE FROM idempotency_records
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency_records WHERE created_at < $1 ORDER BY created_at LIMIT $2))`

const FORGET_USAGE = `DELETE FROM mailbox_usage WHERE started_at < $1`

/** Deletes data keys under which nothing is stored. $1 created before */
const FORGET_DATA_KEYS = `
DELETE FROM data_keys k
 WHERE k.hour < $1 AND (SELECT c.message_id FROM message_contents c WHERE c.data_key = k.id LIMIT 1) IS NULL`

/** Called periodically by housekeeping. */
export type Retention = (now: Date) => Promise<void>

/**
 * Deletes what has been kept long enough: the content of failed messages, messages with their addresses and subjects,
 * idempotency records after 24 hours, the usage of mailboxes, and data keys.
 */
export function createRetention(
  pool: pg.Pool,
  { contentRetentionDays, logRetentionDays }: { contentRetentionDays: number; logRetentionDays: number },
): Retention {
  const before = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS)
  return async (now) => {
    // Content goes first even if its retention is longer: deleting a message would cascade to gigabytes of chunks.
    const contentBefore = before(now, Math.min(contentRetentionDays, logRetentionDays))
    await untilDone(pool, FORGET_CONTENT, BATCH, [contentBefore, BATCH, false])
    await untilDone(pool, FORGET_CONTENT, CHUNKED_BATCH, [contentBefore, CHUNKED_BATCH, true])
    await untilDone(pool, FORGET_MESSAGES, BATCH, [before(now, logRetentionDays), BATCH])
    await forgetIndexed(pool, before(now, logRetentionDays))
    await untilDone(pool, FORGET_KEYS, BATCH, [before(now, 1), BATCH])
    await pool.query(FORGET_USAGE, [before(now, 2)])
    await pool.query(FORGET_DATA_KEYS, [before(now, 2)])
  }
}

async function untilDone(pool: pg.Pool, statement: string, batch: number, values: readonly unknown[]): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(statement, [...values])
    if ((rowCount ?? 0) < batch) return
  }
}
