/** A message that is tried for a day against an endless 429 would fill pages with the same line. */
const MOST_ATTEMPTS = 100

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
