import type { MessageProblem } from '@inforiver-mail/contract/message'
import { problemOf } from '@inforiver-mail/m365/message-problem'
import type pg from 'pg'
import { causeOf, deleteDrafts } from '../columns.ts'
import { countAndTell, ENDED, endedEvents, queueRows } from '../counters.ts'

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
        + (SELECT count(*) FROM bulk_changes b JOIN bulk_change_messages l ON l.change_id = b.id WHERE b.ready AND b.action = 'retry'))::int AS queued,
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
WITH unsent AS MATERIALIZED (
  SELECT q.message_id, q.tenant_id, q.from_email, q.possible_duplicate, q.attempt_id, ${IN_DOUBT} AS in_doubt FROM message_queue q
), left_queue AS (
  DELETE FROM message_queue RETURNING tenant_id, state, mark_id, size, recipients, upload_bytes
), changes AS (
  DELETE FROM bulk_changes
), listed AS (
  DELETE FROM bulk_change_messages
), recorded AS (
  UPDATE messages m
     SET outcome = 'failed', ended_at = mail_now(), from_email = u.from_email, possible_duplicate = u.possible_duplicate,
         problem = CASE WHEN u.in_doubt THEN $1::jsonb ELSE $2::jsonb END
    FROM unsent u WHERE m.id = u.message_id
  RETURNING ${ENDED}
), failed AS (
  INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content, attempt_id, cause, code)
  SELECT u.message_id, u.tenant_id, r.service, 'failed', r.created_at, mail_now(), true, u.attempt_id, ${causeOf('r.problem')}, r.problem ->> 'code'
    FROM unsent u JOIN recorded r ON r.id = u.message_id
), ${deleteDrafts('unsent', `CASE WHEN NOT e.in_doubt THEN 'draft' END`)}, ${countAndTell([queueRows('-', 'left_queue')], [endedEvents('recorded')])}
SELECT count(*)::int AS failed FROM unsent WHERE (SELECT count(*) FROM counted) >= 0`

/** Fails every message that has not ended, and gives up what was still to be retried. Returns how many there were. */
export async function failUnsent(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ failed: number }>(FAIL, [JSON.stringify(UNKNOWN), JSON.stringify(NOT_RESENT)])
  return rows[0]?.failed ?? 0
}
