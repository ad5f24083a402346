import type pg from 'pg'
import type { QueueDepth } from './delivery-metrics.ts'

const READ = `
SELECT status, count(*)::int AS count,
       extract(epoch FROM mail_now() - min(greatest(created_at, send_at)))::float AS oldest_seconds
  FROM messages WHERE status IN ('queued', 'scheduled', 'held', 'sending') GROUP BY status`

/** How much is not sent yet, over all tenants; a scheduled message ages from the time on that it was scheduled for. */
export function createQueueDepthReader(pool: pg.Pool): () => Promise<readonly QueueDepth[]> {
  return async () => {
    const { rows } = await pool.query<{ status: string; count: number; oldest_seconds: number }>(READ)
    return rows.map(({ status, count, oldest_seconds: oldestSeconds }) => ({ status, count, oldestSeconds }))
  }
}
