/** A history has no more attempts: the bound is here as well, for what the database holds of older versions. */
const ATTEMPTS_SHOWN = 100

/** Of each message, the oldest first. $1 messages */
export const READ_ATTEMPTS = `
SELECT latest.* FROM unnest($1::text[]) AS m(id) CROSS JOIN LATERAL (
  SELECT a.id, a.message_id AS "messageId", a.at, coalesce(a.first_at, a.at) AS "firstAt", a.count, a.outcome, a.code, a.detail
    FROM message_attempts a WHERE a.message_id = m.id ORDER BY a.id DESC LIMIT ${ATTEMPTS_SHOWN}) AS latest
 ORDER BY latest.id`
