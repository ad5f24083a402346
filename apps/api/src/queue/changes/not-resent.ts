import type { MessageProblem } from '@inforiver-mail/contract/message'
import { problemOf } from '@inforiver-mail/m365/explain-problem'
import type pg from 'pg'
import { endUnsent, LEFT_COLUMNS } from './end-unsent.ts'

// scheduled, queued, held, sending ──restored, and not to be sent again──▶ failed. Nobody uses the database meanwhile.

/** What a restored database would send as soon as it is started. */
export interface Unsent {
  /** Includes failed messages whose retry was requested. */
  readonly queued: number
  readonly held: number
  readonly scheduled: number
  /** May have been sent before; what was being sent counts here too. */
  readonly inDoubt: number
}

const NOT_RESENT: MessageProblem = problemOf('not-resent', 'not-resent.title', 'not-resent')

const UNKNOWN: MessageProblem = problemOf('outcome-unknown', 'outcome-unknown.title', 'not-resent-in-doubt')

const IN_DOUBT = `(q.doubt <> 'none' OR q.possible_duplicate OR q.mark_id IS NOT NULL)`

const COUNT = `
SELECT (count(*) FILTER (WHERE q.state = 'queued' AND NOT ${IN_DOUBT})
        + (SELECT coalesce(sum(cardinality(b.message_ids)), 0) FROM bulk_changes b WHERE b.action = 'retry'))::int AS queued,
       count(*) FILTER (WHERE q.state = 'held' AND NOT ${IN_DOUBT})::int AS held,
       count(*) FILTER (WHERE q.state = 'scheduled' AND NOT ${IN_DOUBT})::int AS scheduled,
       count(*) FILTER (WHERE ${IN_DOUBT})::int AS "inDoubt"
  FROM message_queue q`

export async function countUnsent(client: pg.ClientBase): Promise<Unsent> {
  const { rows } = await client.query<Unsent>(COUNT)
  return rows[0] ?? { queued: 0, held: 0, scheduled: 0, inDoubt: 0 }
}

/** Their contents stay, so that they can be retried. The draft of one that may have been sent stays in the mailbox. */
const FAIL = `
WITH left_queue AS (
  DELETE FROM message_queue q
  RETURNING ${LEFT_COLUMNS}, ${IN_DOUBT} AS in_doubt
), changes AS (
  DELETE FROM bulk_changes
), ${endUnsent('left_queue', {
  problem: 'CASE WHEN l.in_doubt THEN $1::jsonb ELSE $2::jsonb END',
  emptied: null,
  keepsDraft: 'e.in_doubt',
})}
SELECT count(*)::int AS failed FROM left_queue WHERE (SELECT count(*) FROM counted) >= 0`

/** Fails every message that has not ended, and gives up what was still to be retried. Returns how many there were. */
export async function failUnsent(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ failed: number }>(FAIL, [JSON.stringify(UNKNOWN), JSON.stringify(NOT_RESENT)])
  return rows[0]?.failed ?? 0
}
