import type pg from 'pg'

const BATCH = 5_000
/** Each with up to gigabytes, and one statement has 30 s. */
const CHUNKED_BATCH = 10
const DAY_MS = 24 * 60 * 60_000

/** $1 ended before, $2 at most */
const FORGET_CONTENT = `
UPDATE messages SET content = NULL, content_key_sealed = NULL, stored_bytes = 0
 WHERE id IN (SELECT id FROM messages WHERE ended_at < $1 AND content IS NOT NULL AND NOT chunked LIMIT $2 FOR UPDATE SKIP LOCKED)`

/** With their attachments. $1 ended before, $2 at most */
const FORGET_CHUNKED_CONTENT = `
WITH forgotten AS (
  UPDATE messages SET content = NULL, content_key_sealed = NULL, stored_bytes = 0
   WHERE id IN (SELECT id FROM messages WHERE ended_at < $1 AND content IS NOT NULL AND chunked LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING id
), dropped AS (
  DELETE FROM message_chunks WHERE message_id IN (SELECT id FROM forgotten)
)
SELECT id FROM forgotten`

/** With their attempts. $1 ended before, $2 at most */
const FORGET_MESSAGES = `
DELETE FROM messages
 WHERE id IN (SELECT id FROM messages WHERE ended_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`

const FORGET_KEYS = `
DELETE FROM idempotency_records
 WHERE (tenant_id, service, key) IN (SELECT tenant_id, service, key FROM idempotency_records WHERE created_at < $1 LIMIT $2)`

const FORGET_USAGE = `DELETE FROM mailbox_usage WHERE started_at < $1`

/**
 * Deletes what is kept no longer: the content of failed messages, then addresses and subjects with the messages
 * themselves, idempotency records after their 24 hours, and what the limits look back on.
 */
export function createRetention(
  pool: pg.Pool,
  { contentRetentionDays, logRetentionDays }: { contentRetentionDays: number; logRetentionDays: number },
): (now: Date) => Promise<void> {
  const before = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS)
  return async (now) => {
    // No message goes with all its attachments at once, even where content is to be kept longer than the message.
    const contentBefore = before(now, Math.min(contentRetentionDays, logRetentionDays))
    await untilDone(pool, FORGET_CONTENT, contentBefore)
    await untilDone(pool, FORGET_CHUNKED_CONTENT, contentBefore, CHUNKED_BATCH)
    await untilDone(pool, FORGET_MESSAGES, before(now, logRetentionDays))
    await untilDone(pool, FORGET_KEYS, before(now, 1))
    await pool.query(FORGET_USAGE, [before(now, 2)])
  }
}

async function untilDone(pool: pg.Pool, statement: string, before: Date, batch = BATCH): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(statement, [before, batch])
    if ((rowCount ?? 0) < batch) return
  }
}
