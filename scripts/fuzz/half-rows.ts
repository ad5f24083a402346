import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'

/** Requests that were broken off are cleaned up at once, and deliveries end; what is left after this stays. */
const SETTLED_WITHIN_MS = 30_000

const QUESTIONS: Readonly<Record<string, string>> = {
  'messages that are still receiving': `SELECT count(*) FROM messages WHERE status = 'receiving'`,
  'idempotency records without their message':
    'SELECT count(*) FROM idempotency_records r WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = r.message_id)',
  'chunks of no message':
    'SELECT count(*) FROM message_chunks c WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = c.message_id)',
  'messages that wait without content': `SELECT count(*) FROM messages WHERE status IN ('scheduled', 'queued', 'sending', 'held') AND content IS NULL`,
  'large messages that wait without chunks': `SELECT count(*) FROM messages m WHERE chunked AND status IN ('scheduled', 'queued', 'held')
    AND NOT EXISTS (SELECT 1 FROM message_chunks c WHERE c.message_id = m.id)`,
  'messages without a recipient': `SELECT count(*) FROM messages WHERE status <> 'receiving' AND recipients = 0`,
  'open transactions': `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
}

/** What lies in the database that no request may leave there, each in a few words. */
export async function halfRows(pool: pg.Pool): Promise<string[]> {
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
