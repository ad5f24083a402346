import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'

/** Broken-off requests are cleaned up at once and deliveries end; whatever is left after this time is a leak. */
const SETTLED_WITHIN_MS = 30_000

/** What a request that was broken off, or that nobody expected, could leave. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'messages that are still receiving': 'SELECT count(*) FROM message_contents WHERE content IS NULL',
  'idempotency records without their message':
    'SELECT count(*) FROM idempotency_records r WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = r.message_id)',
  'chunks of no message':
    'SELECT count(*) FROM message_chunks k WHERE NOT EXISTS (SELECT 1 FROM message_contents c WHERE c.message_id = k.message_id)',
  'messages that wait without content': `SELECT count(*) FROM message_queue q
    WHERE NOT EXISTS (SELECT 1 FROM message_contents c WHERE c.message_id = q.message_id AND c.content IS NOT NULL)`,
  'large messages that wait without chunks': `SELECT count(*) FROM message_contents c JOIN message_queue q USING (message_id)
    WHERE c.chunked AND NOT EXISTS (SELECT 1 FROM message_chunks k WHERE k.message_id = c.message_id)`,
  'contents of no message': `SELECT count(*) FROM message_contents c
    WHERE content IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = c.message_id)`,
  'messages that neither wait nor have ended': `SELECT count(*) FROM messages m
    WHERE outcome IS NULL AND NOT EXISTS (SELECT 1 FROM message_queue q WHERE q.message_id = m.id)`,
  'messages without a recipient': 'SELECT count(*) FROM messages WHERE recipients = 0',
  'mailboxes whose counts are not those of their rows': `SELECT count(*) FROM counters t
    WHERE (queued + sending + scheduled + held, stored_bytes) IS DISTINCT FROM
          ((SELECT count(*) FROM message_queue q WHERE q.tenant_id = t.tenant_id),
           (SELECT coalesce(sum(stored_bytes), 0) FROM message_contents c WHERE c.tenant_id = t.tenant_id)
           + (SELECT coalesce(sum(open_bytes), 0) FROM messages m WHERE m.tenant_id = t.tenant_id))`,
  'open transactions': `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
}

/** Describes every kind of row that no request may leave in the database and that is there all the same. */
export async function findLeftovers(pool: pg.Pool): Promise<string[]> {
  const giveUpAt = Date.now() + SETTLED_WITHIN_MS
  for (;;) {
    const found = await ask(pool)
    if (found.length === 0 || Date.now() > giveUpAt) return found
    await delay(500)
  }
}

async function ask(pool: pg.Pool): Promise<string[]> {
  const found: string[] = []
  for (const [what, question] of Object.entries(QUESTIONS)) {
    const { rows } = await pool.query<{ count: string }>(question)
    if (Number(rows[0]?.count) > 0) found.push(`${rows[0]?.count} ${what}`)
  }
  return found
}
