import type pg from 'pg'
import { addToCounters, queueRows } from '../counters.ts'
import { failExpired, type ExpiredMessage } from './expired.ts'
import { MOVED_AT_ONCE, releaseHeld } from './hold.ts'

// scheduled ──its time comes──▶ queued.

/** Queues scheduled messages whose time has come. */
const RELEASE_SCHEDULED = `
WITH released AS (
  UPDATE message_queue SET state = 'queued'
   WHERE message_id = ANY (ARRAY(SELECT message_id FROM message_queue WHERE state = 'scheduled' AND due_at <= mail_now()
                                 ORDER BY due_at LIMIT ${MOVED_AT_ONCE} FOR UPDATE SKIP LOCKED))
  RETURNING tenant_id, state, mark_id, size, recipients, upload_bytes
), counted AS (${addToCounters([queueRows('-', 'released', { state: `'scheduled'` }), queueRows('+', 'released')])}
)
SELECT FROM released WHERE (SELECT count(*) FROM counted) >= 0`

export interface Released {
  readonly expired: readonly ExpiredMessage[]
  readonly moved: boolean
  /** There may be more to release or to fail. */
  readonly more: boolean
}

/** Fails messages whose time is over, and then queues scheduled and held ones that may leave now. */
export async function releaseMessages(pool: pg.Pool): Promise<Released> {
  const { expired, more } = await failExpired(pool)
  const scheduled = await pool.query({ name: 'release-scheduled', text: RELEASE_SCHEDULED })
  const moved = [scheduled.rowCount ?? 0, await releaseHeld(pool)]
  return { expired, moved: moved.some((count) => count > 0), more: more || moved.includes(MOVED_AT_ONCE) }
}
