import type { MessageProblem } from '@inforiver-mail/contract/message'
import { problemOf } from '@inforiver-mail/m365/explain-problem'
import { hasContentLeft, idsOf, isBeingSent, seesDraft } from '../columns.ts'
import { endUnsent, LEFT_COLUMNS } from './end-unsent.ts'
import { LOST_VALUES } from '../../domain/sealed-column.ts'

// scheduled, queued, held ──its key is forgotten──▶ failed. A message that is being sent is left to its process.

const CONTENT_LOST: MessageProblem = problemOf('content-lost', 'content-lost.title', 'content-lost')

const LOST_IN_DOUBT: MessageProblem = problemOf('outcome-unknown', 'content-lost.title', 'content-lost-in-doubt')

/** The most messages one statement gives up. The caller repeats it until it finds none. */
export const FORGOTTEN_AT_ONCE = 1_000

/** Restarts uploads. Like the statements below it takes the parameters of `LOST_VALUES` and returns the tenant of each row. */
export const FORGET_UPLOAD_URLS = `
WITH lost AS (${LOST_VALUES})
UPDATE message_drafts d SET upload_url_sealed = NULL, upload_position = 0, upload_expires_at = NULL
  FROM lost l WHERE d.message_id = ANY ($1) AND d.message_id = l.key AND d.upload_url_sealed = l.value
RETURNING d.tenant_id`

/** Gives up messages whose own key is lost. */
export const FORGET_CONTENT_KEYS = `
WITH lost AS (${LOST_VALUES}), unreadable AS MATERIALIZED (
  SELECT c.message_id, c.tenant_id, c.content IS NULL AS arriving, l.at
    FROM message_contents c JOIN lost l ON c.message_id = l.key AND c.key_sealed = l.value
   WHERE c.message_id = ANY ($1)
), ${giveUp('unreadable')}`

/** Gives up messages under a data key that is lost. */
export const FORGET_DATA_KEY_CONTENTS = `
WITH lost AS (${LOST_VALUES}), unreadable AS MATERIALIZED (
  SELECT c.message_id, c.tenant_id, c.arriving, l.at
    FROM lost l JOIN data_keys k ON k.id = l.key AND k.key_sealed = l.value
   CROSS JOIN LATERAL (SELECT message_id, tenant_id, content IS NULL AS arriving FROM message_contents WHERE data_key = k.id OFFSET 0) AS c
    LEFT JOIN LATERAL (SELECT marked_at FROM message_queue WHERE message_id = c.message_id OFFSET 0) AS q ON true
   WHERE NOT ${isBeingSent('q')}
   LIMIT ${FORGOTTEN_AT_ONCE}
), ${giveUp('unreadable')}`

/** Deletes lost data keys under which nothing is stored any more. */
export const FORGET_DATA_KEYS = `
WITH lost AS (${LOST_VALUES})
DELETE FROM data_keys k USING lost l
 WHERE k.id = l.key AND k.key_sealed = l.value AND (SELECT c.message_id FROM message_contents c WHERE c.data_key = k.id LIMIT 1) IS NULL
RETURNING k.tenant_id`

/**
 * Common table expressions and a query: fails messages that have not ended, and deletes the content of those that have.
 *
 * @param unreadable the name of rows of `message_id`, `tenant_id`, `arriving` and `at`
 */
function giveUp(unreadable: string): string {
  return `
failed AS (
  DELETE FROM message_queue q USING ${unreadable} u
   WHERE q.message_id = ${idsOf(unreadable)} AND q.message_id = u.message_id AND NOT ${isBeingSent('q')} AND ${seesDraft('q')}
  RETURNING ${LEFT_COLUMNS}, u.at, q.doubt <> 'none' OR q.possible_duplicate OR q.mark_id IS NOT NULL AND NOT q.uploading AS in_doubt
), ended_before AS (
  UPDATE messages m SET content_kept = false WHERE m.id = ${idsOf(unreadable)} AND ${hasContentLeft('m')}
  RETURNING m.id AS message_id, m.tenant_id
), arriving AS MATERIALIZED ( -- unless a concurrent submit completed it: it is queued by now, which this statement does not see
  SELECT c.message_id, c.tenant_id FROM message_contents c
   WHERE c.message_id = ANY (ARRAY(SELECT message_id FROM ${unreadable} WHERE arriving)) AND c.content IS NULL
     FOR UPDATE
), given_up AS MATERIALIZED (
  SELECT message_id, tenant_id FROM failed
   UNION ALL
  SELECT message_id, tenant_id FROM ended_before
   UNION ALL
  SELECT message_id, tenant_id FROM arriving
), ${endUnsent('failed', {
    problem: `CASE WHEN l.in_doubt THEN ${literal(LOST_IN_DOUBT)} ELSE ${literal(CONTENT_LOST)} END`,
    at: 'l.at',
    emptied: 'given_up',
    keepsDraft: 'e.in_doubt',
  })}
SELECT tenant_id FROM given_up WHERE (SELECT count(*) FROM counted) >= 0`
}

function literal(problem: MessageProblem): string {
  return `'${JSON.stringify(problem).replaceAll("'", "''")}'::jsonb`
}
