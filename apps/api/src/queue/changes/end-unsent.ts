import { raiseFailed } from '../../database/failed-alert.sql.ts'
import { deleteContents, deleteDrafts, idsOf } from '../columns.ts'
import { countAndTell, ENDED_COLUMNS, endedEvents, MOVED_COLUMNS, queueRows, storedBytes } from '../counters.ts'

// How a message ends that was not sent, or of which nobody can tell: somebody cancels it (cancel.ts), its time is over
// (expiry.ts), its key is lost (forget.ts), or a backup is restored (not-resent.ts). One statement deletes its row of
// message_queue, under a condition of its own, and all else follows from the rows that were deleted. What was tried ends in
// settle.ts.

/** What a statement returns of the rows `q` of message_queue that it deletes. */
export const LEFT_COLUMNS = `${MOVED_COLUMNS}, q.from_email, q.attempt_id`

/** A row `l` is one that was deleted, with LEFT_COLUMNS and what else the statement returns of it. */
interface Ending {
  /** SQL over a row `l` for the problem of a message that failed, as JSON; null where it is cancelled. */
  readonly problem: string | null
  /** SQL over a row `l` for when it ended. */
  readonly at?: string
  /** The name of rows of `message_id` whose contents are deleted; null where they stay for a retry. */
  readonly emptied?: string | null
  /** SQL over a row `e`, which is the same, for whether its draft stays in the mailbox, since it may have been sent. */
  readonly keepsDraft?: string
  readonly raisesAlert?: boolean
}

/**
 * Common table expressions that end messages: `recorded` has their rows of messages, and `counted` comes last. A late outcome
 * of the attempt that may have sent one still counts.
 *
 * @param left the name of the rows that were deleted
 */
export function endUnsent(
  left: string,
  { problem, at = 'mail_now()', emptied = left, keepsDraft = 'false', raisesAlert = false }: Ending,
): string {
  const outcome =
    problem === null
      ? `outcome = 'cancelled', cancelled_at = ${at}`
      : `outcome = 'failed', failed_at = ${at}, content_kept = ${emptied === null}, attempt_id = l.attempt_id,
         from_email = l.from_email, possible_duplicate = l.possible_duplicate, problem = ${problem}`
  return `
recorded AS (
  UPDATE messages m SET ended_at = ${at}, ${outcome}
    FROM ${left} l WHERE m.id = ${idsOf(left)} AND m.id = l.message_id
  RETURNING ${ENDED_COLUMNS}
), ${emptied === null ? '' : `${deleteContents(emptied)}, `}${deleteDrafts(left, `CASE WHEN NOT ${keepsDraft} THEN 'draft' END`)}${
    raisesAlert ? `, alerted AS (${raiseFailed('recorded')} RETURNING tenant_id)` : ''
  }, ${countAndTell(
    [queueRows('-', left), ...(emptied === null ? [] : [storedBytes('-', 'dropped_contents')])],
    [endedEvents('recorded')],
    raisesAlert ? '(SELECT count(*) FROM alerted) >= 0' : 'true',
  )}`
}
