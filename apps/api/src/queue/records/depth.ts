import type pg from 'pg'
import { hasWaited, markedRows } from '../columns.ts'

export interface QueueDepth {
  readonly status: string
  readonly count: number
  /** The time since the oldest was due to leave; 0 for scheduled and held messages. */
  readonly oldestSeconds: number
}

/** Uses counters for the counts, and the index for the oldest message of each tenant. */
const READ = `
WITH totals AS MATERIALIZED (
  SELECT tenant_id, queued, sending, scheduled, held FROM counters WHERE queued + sending + scheduled + held > 0
), oldest_queued AS (
  SELECT min(first.waits_since) AS since
    FROM totals t CROSS JOIN LATERAL (
      SELECT q.waits_since FROM message_queue q WHERE q.tenant_id = t.tenant_id AND q.state = 'queued' AND ${hasWaited('q')} AND q.mark_id IS NULL
       ORDER BY q.waits_since LIMIT 1) AS first
   WHERE t.queued > 0
), oldest_sending AS (
  SELECT min(marked.waits_since) AS since FROM (${markedRows('SELECT tenant_id, sending FROM totals')}) AS marked
)
SELECT coalesce(sum(queued), 0)::int AS queued, coalesce(sum(sending), 0)::int AS sending, coalesce(sum(scheduled), 0)::int AS scheduled,
       coalesce(sum(held), 0)::int AS held,
       coalesce(extract(epoch FROM mail_now() - (SELECT since FROM oldest_queued)), 0)::float AS queued_seconds,
       coalesce(extract(epoch FROM mail_now() - (SELECT since FROM oldest_sending)), 0)::float AS sending_seconds
  FROM totals`

interface DepthRow {
  readonly queued: number
  readonly sending: number
  readonly scheduled: number
  readonly held: number
  readonly queued_seconds: number
  readonly sending_seconds: number
}

/** Counts what is not sent yet over all tenants, for each state that occurs. */
export async function readQueueDepth(pool: pg.Pool): Promise<readonly QueueDepth[]> {
  const { rows } = await pool.query<DepthRow>(READ)
  const [row] = rows
  if (!row) return []
  return [
    { status: 'queued', count: row.queued, oldestSeconds: row.queued_seconds },
    { status: 'sending', count: row.sending, oldestSeconds: row.sending_seconds },
    { status: 'scheduled', count: row.scheduled, oldestSeconds: 0 },
    { status: 'held', count: row.held, oldestSeconds: 0 },
  ].filter(({ count }) => count > 0)
}
