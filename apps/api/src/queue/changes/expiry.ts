import type { MessageProblem, MessageProblemCode } from '@inforiver-mail/contract/message'
import { problemOf } from '@inforiver-mail/m365/explain-problem'
import type pg from 'pg'
import { deletableAtOnce, idsOf, isInTime, seesDraft, storedBytesOf } from '../columns.ts'
import { endUnsent, LEFT_COLUMNS } from './end-unsent.ts'

// scheduled, queued, held ──its expiresAt passes──▶ failed. A message in doubt is looked for first, and ends in settle.ts
// (docs/decisions/0034-a-message-in-doubt-does-not-simply-expire.md).

const AT_ONCE = 1_000

export const EXPIRED: MessageProblem = problemOf('expired', 'expired.title', 'expired')

const EXPIRED_AFTER_UNKNOWN: MessageProblem = problemOf(
  'outcome-unknown',
  'outcome-unknown.title',
  'expired-after-unknown',
)

/**
 * Fails messages that have not left in time. It passes over those that another process has locked: it is claiming or
 * cancelling them. Their contents are deleted, because they cannot be retried.
 *
 * $1 and $2 the problems of those that were not sent, and of those that may have been
 */
const FAIL_EXPIRED = `
WITH due AS MATERIALIZED (
  SELECT q.message_id, ${storedBytesOf('q.message_id')} AS stored_bytes
    FROM message_queue q
   WHERE q.expires_at <= mail_now() /* fence: expiry */ AND q.mark_id IS NULL AND q.doubt = 'none' /* end */ AND ${seesDraft('q')}
   ORDER BY q.expires_at LIMIT ${AT_ONCE} FOR UPDATE OF q SKIP LOCKED
), chosen AS MATERIALIZED (${deletableAtOnce('due')}
), expired AS (
  DELETE FROM message_queue q WHERE q.message_id = ${idsOf('chosen')} AND NOT ${isInTime('q')}
  RETURNING ${LEFT_COLUMNS}
), ${endUnsent('expired', {
  problem: 'CASE WHEN l.possible_duplicate THEN $2::jsonb ELSE $1::jsonb END',
  raisesAlert: true,
})}
SELECT r.id, r.problem ->> 'code' AS code, (SELECT count(*) FROM due)::int AS due
  FROM recorded r WHERE (SELECT count(*) FROM counted) >= 0`

export interface ExpiredMessage {
  readonly id: string
  readonly code: MessageProblemCode
}

/**
 * Fails a batch of messages whose time is over.
 *
 * @returns `more`: there may be more to fail
 */
export async function failExpired(
  pool: pg.Pool,
): Promise<{ readonly expired: readonly ExpiredMessage[]; readonly more: boolean }> {
  const values = [JSON.stringify(EXPIRED), JSON.stringify(EXPIRED_AFTER_UNKNOWN)]
  const { rows } = await pool.query<ExpiredMessage & { due: number }>({
    name: 'fail-expired',
    text: FAIL_EXPIRED,
    values,
  })
  const due = rows[0]?.due ?? 0
  return { expired: rows.map(({ id, code }) => ({ id, code })), more: due === AT_ONCE || due > rows.length }
}
