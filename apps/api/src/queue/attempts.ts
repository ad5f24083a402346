import { worded } from '@inforiver-mail/m365/explanation'

/** The history of a message says this when Microsoft accepted it. */
export const ACCEPTED = worded({ detail: ['accepted'] })

/** Bounds the history of a message: a day of retries against a 429 would fill pages. */
export const MOST_ATTEMPTS = 100

/** `+ 0` keeps the planner from walking the primary key of all attempts. */
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

/** Consecutive attempts with the same outcome and code. */
export interface StoredAttempt {
  /** When the last of them ended, in ISO 8601. */
  readonly at: string
  readonly firstAt: string
  readonly count: number
  readonly outcome: string
  readonly code: string | null
  readonly detail: string
  /** The values of the attempt; null in what an older version stored. */
  readonly facts: unknown
}

/**
 * An expression for the history of a message: a JSON array of `StoredAttempt`, oldest first. The statement that reads the
 * state of the message reads it too, so that the two belong together. Repeats the bound, because older versions wrote
 * longer histories.
 *
 * @param message the name of rows with `id`
 */
export function historyOf(message: string): string {
  return `(
  SELECT coalesce(json_agg(json_build_object('at', a.at, 'firstAt', coalesce(a.first_at, a.at), 'count', a.count,
      'outcome', a.outcome, 'code', a.code, 'detail', a.detail, 'facts', a.facts) ORDER BY a.id), '[]')
    FROM (SELECT * FROM message_attempts a WHERE a.message_id = ${message}.id ${NEWEST_FIRST} LIMIT ${MOST_ATTEMPTS}) AS a)`
}
