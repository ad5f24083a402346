import type pg from 'pg'

/** What Microsoft's acceptance of a message is called in its history. */
export const ACCEPTED = 'Microsoft accepted the message.'

/** A message that is tried for a day against an endless 429 would fill pages with the same line. */
export const MOST_ATTEMPTS = 100

/**
 * Common table expressions that note attempts. What comes to the same as the attempt before is counted there, and of
 * very many the oldest go.
 *
 * @param source rows of `message_id`, `tenant_id`, `at`, `outcome`, `code` and `detail`, at most one for each message
 */
export function noteAttempts(source: string): string {
  return `
last_attempts AS (
  SELECT s.*, l.id AS last_id, l.outcome = s.outcome AND l.code IS NOT DISTINCT FROM s.code AND s.outcome <> 'sent' AS repeats
    FROM ${source} s LEFT JOIN LATERAL (
      SELECT a.id, a.outcome, a.code FROM message_attempts a WHERE a.message_id = s.message_id ORDER BY a.id DESC LIMIT 1) AS l ON true
), repeated_attempts AS (
  UPDATE message_attempts a
     SET count = a.count + 1, first_at = coalesce(a.first_at, a.at), at = greatest(a.at, l.at), detail = l.detail
    FROM last_attempts l WHERE a.id = l.last_id AND l.repeats
), new_attempts AS (
  INSERT INTO message_attempts (tenant_id, message_id, at, outcome, code, detail)
  SELECT tenant_id, message_id, at, outcome, code, detail FROM last_attempts WHERE repeats IS NOT TRUE
), old_attempts AS (
  DELETE FROM message_attempts
   WHERE id IN (SELECT o.id FROM last_attempts l CROSS JOIN LATERAL (
     SELECT a.id FROM message_attempts a WHERE a.message_id = l.message_id ORDER BY a.id DESC OFFSET ${MOST_ATTEMPTS - 1}) AS o
     WHERE l.repeats IS FALSE)
)`
}

/** The bound is here as well, for what the database holds of older versions. Of each message, the oldest first. $1 messages */
const READ = `
SELECT latest.* FROM unnest($1::text[]) AS m(id) CROSS JOIN LATERAL (
  SELECT a.id, a.message_id AS "messageId", a.at, coalesce(a.first_at, a.at) AS "firstAt", a.count, a.outcome, a.code, a.detail
    FROM message_attempts a WHERE a.message_id = m.id ORDER BY a.id DESC LIMIT ${MOST_ATTEMPTS}) AS latest
 ORDER BY latest.id`

/** Attempts in a row that came to the same. */
export interface StoredAttempt {
  readonly messageId: string
  /** The last time. */
  readonly at: Date
  readonly firstAt: Date
  readonly count: number
  readonly outcome: string
  readonly code: string | null
  readonly detail: string
}

/** By message, the oldest first. */
export async function readAttempts(
  pool: pg.Pool,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredAttempt[]>> {
  const { rows } = await pool.query<StoredAttempt>(READ, [ids])
  return Map.groupBy(rows, ({ messageId }) => messageId)
}
