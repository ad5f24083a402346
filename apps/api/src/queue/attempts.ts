import type pg from 'pg'
import { inEnglish } from '../delivery-sentences.ts'

/** The history of a message says this when Microsoft accepted it. */
export const ACCEPTED = inEnglish({ detail: ['accepted'] })

/** Bounds the history of a message: a day of retries against a 429 would fill pages. */
export const MOST_ATTEMPTS = 100

/** The index on message ids finds the few attempts of a message. Without the sum, a plan may walk those of all by id. */
const NEWEST_FIRST = `ORDER BY a.id + 0 DESC`

/**
 * Common table expressions that append attempts to the history. An attempt with the outcome and code of the one before
 * it increments that one's count instead. Beyond `MOST_ATTEMPTS` the oldest are deleted.
 *
 * @param source the name of rows of `message_id`, `tenant_id`, `at`, `outcome`, `code`, `detail` and `facts`, at most one per message
 */
export function noteAttempts(source: string): string {
  return `
last_attempts AS MATERIALIZED (
  SELECT s.*, l.id AS last_id, l.outcome = s.outcome AND l.code IS NOT DISTINCT FROM s.code AND s.outcome <> 'sent' AS repeats
    FROM ${source} s LEFT JOIN LATERAL (
      SELECT a.id, a.outcome, a.code FROM message_attempts a WHERE a.message_id = s.message_id ${NEWEST_FIRST} LIMIT 1) AS l ON true
), repeated_attempts AS (
  UPDATE message_attempts a
     SET count = a.count + 1, first_at = coalesce(a.first_at, a.at), at = greatest(a.at, l.at), detail = l.detail, facts = l.facts
    FROM last_attempts l WHERE a.id = ANY (ARRAY(SELECT last_id FROM last_attempts WHERE repeats)) AND a.id = l.last_id
), new_attempts AS (
  INSERT INTO message_attempts (tenant_id, message_id, at, outcome, code, detail, facts)
  SELECT tenant_id, message_id, at, outcome, code, detail, facts FROM last_attempts WHERE repeats IS NOT TRUE
), old_attempts AS (
  DELETE FROM message_attempts
   WHERE id = ANY (ARRAY(SELECT o.id FROM last_attempts l CROSS JOIN LATERAL (
     SELECT a.id FROM message_attempts a WHERE a.message_id = l.message_id ${NEWEST_FIRST} OFFSET ${MOST_ATTEMPTS - 1}) AS o
     WHERE l.repeats IS FALSE))
)`
}

/** Repeats the bound, because older versions wrote longer histories. Oldest first within a message. $1 message ids */
const READ = `
SELECT latest.* FROM unnest($1::text[]) AS m(id) CROSS JOIN LATERAL (
  SELECT a.id, a.message_id AS "messageId", a.at, coalesce(a.first_at, a.at) AS "firstAt", a.count, a.outcome, a.code, a.detail, a.facts
    FROM message_attempts a WHERE a.message_id = m.id ${NEWEST_FIRST} LIMIT ${MOST_ATTEMPTS}) AS latest
 ORDER BY latest.id`

/** Consecutive attempts with the same outcome and code. */
export interface StoredAttempt {
  readonly messageId: string
  /** When the last of them ended. */
  readonly at: Date
  readonly firstAt: Date
  readonly count: number
  readonly outcome: string
  readonly code: string | null
  readonly detail: string
  /** The values of the attempt; null in what an older version stored. */
  readonly facts: unknown
}

/** Reads the histories of messages, by message id, oldest first. */
export async function readAttempts(
  pool: pg.Pool,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredAttempt[]>> {
  const { rows } = await pool.query<StoredAttempt>({ name: 'read-attempts', text: READ, values: [ids] })
  return Map.groupBy(rows, ({ messageId }) => messageId)
}
