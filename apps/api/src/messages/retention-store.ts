import type pg from 'pg'

const BATCH = 5_000
const DAY_MS = 24 * 60 * 60_000

/** $1 ended before, $2 at most */
const FORGET_CONTENT = `
UPDATE messages SET content = NULL, content_key_sealed = NULL
 WHERE id IN (SELECT id FROM messages WHERE ended_at < $1 AND content IS NOT NULL LIMIT $2 FOR UPDATE SKIP LOCKED)`

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
    await untilDone(pool, FORGET_CONTENT, before(now, contentRetentionDays))
    await untilDone(pool, FORGET_MESSAGES, before(now, logRetentionDays))
    await untilDone(pool, FORGET_KEYS, before(now, 1))
    await pool.query(FORGET_USAGE, [before(now, 2)])
  }
}

async function untilDone(pool: pg.Pool, statement: string, before: Date): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(statement, [before, BATCH])
    if ((rowCount ?? 0) < BATCH) return
  }
}
