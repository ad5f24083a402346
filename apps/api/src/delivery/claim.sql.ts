/**
 * Leases due messages to one worker.
 *
 * Each tenant's row is locked while its mailbox is looked at, so that two processes never spend the same allowance;
 * tenants that another process is looking at are passed over. Every tenant gets its share of the batch, so that one
 * tenant's backlog does not delay another's message. A limit of 0 stands for none.
 *
 * $1 now, $2 how many at most, $3 requests at once, $4 messages a minute, $5 recipients a day, $6 lease owner,
 * $7 lease until
 */
export const CLAIM = `
WITH boxes AS MATERIALIZED (
  SELECT t.id AS tenant_id
    FROM tenants t
   WHERE (t.mailbox_paused_until IS NULL OR t.mailbox_paused_until <= $1)
     AND EXISTS (SELECT 1 FROM messages m WHERE m.tenant_id = t.id AND m.status = 'queued' AND m.next_attempt_at <= $1)
   ORDER BY random()
   LIMIT $2
     FOR UPDATE OF t SKIP LOCKED
), sending AS MATERIALIZED (
  SELECT b.tenant_id, count(m.id)::int AS messages, coalesce(sum(m.recipients), 0)::int AS recipients
    FROM boxes b LEFT JOIN messages m ON m.tenant_id = b.tenant_id AND m.status = 'sending' AND ($3 > 0 OR $4 > 0 OR $5 > 0)
   GROUP BY b.tenant_id
), room AS MATERIALIZED (
  SELECT s.tenant_id,
         least(
           ceil($2::numeric / (SELECT count(*) FROM boxes))::int,
           CASE WHEN $3 = 0 THEN $2 ELSE $3 - s.messages END,
           CASE WHEN $4 = 0 THEN $2 ELSE $4 - s.messages - (
             SELECT coalesce(sum(u.messages), 0)::int FROM mailbox_usage u
              WHERE u.tenant_id = s.tenant_id AND u.started_at > $1::timestamptz - interval '70 seconds') END
         ) AS messages,
         CASE WHEN $5 = 0 THEN 0 ELSE s.recipients + (
           SELECT coalesce(sum(u.recipients), 0)::int FROM mailbox_usage u
            WHERE u.tenant_id = s.tenant_id AND u.started_at > $1::timestamptz - interval '1 day') END AS recipients_used
    FROM sending s
), picked AS MATERIALIZED (
  SELECT due.id, r.tenant_id
    FROM room r CROSS JOIN LATERAL (
      SELECT first.id, sum(first.recipients) OVER place AS recipients, row_number() OVER place AS place
        FROM (SELECT m.id, m.recipients, m.next_attempt_at FROM messages m
               WHERE m.tenant_id = r.tenant_id AND m.status = 'queued' AND m.next_attempt_at <= $1
               ORDER BY m.next_attempt_at LIMIT greatest(r.messages, 0)) AS first
       WINDOW place AS (ORDER BY first.next_attempt_at, first.id)
    ) AS due
   WHERE $5 = 0 OR r.recipients_used + due.recipients <= $5
      OR (r.recipients_used = 0 AND due.place = 1) -- more than a day allows: on a day of its own
   LIMIT $2
)
UPDATE messages m
   SET status = 'sending', lease_owner = $6, lease_until = $7, attempt_count = m.attempt_count + 1
  FROM picked p LEFT JOIN tenant_settings s ON s.tenant_id = p.tenant_id
 WHERE m.id = p.id AND m.status = 'queued'
RETURNING m.id, m.tenant_id, m.recipients, m.attempt_count, m.trying_ms, m.lookups, m.possible_duplicate,
          m.on_unknown_outcome, m.save_to_sent_items, m.draft_id, m.created_at, m.content_key_sealed, m.content,
          concat_ws(' ', s.status, s.version, s.grant_version, s.sent_items_search) AS settings_stamp`

/** Undoes a claim whose answer was lost: nobody has touched its messages. $1 lease owner */
export const GIVE_BACK = `
UPDATE messages SET status = 'queued', lease_owner = NULL, lease_until = NULL, attempt_count = attempt_count - 1
 WHERE status = 'sending' AND lease_owner = $1`

/** $1 ids, $2 lease owners, $3 lease until */
export const RENEW = `
UPDATE messages m SET lease_until = $3
  FROM unnest($1::text[], $2::text[]) AS held(id, lease_owner)
 WHERE m.id = held.id AND m.lease_owner = held.lease_owner AND m.status = 'sending'
RETURNING m.id`

/** $1 id, $2 lease owner, $3 draft id: written before the draft is sent, so that any process can go on from it. */
export const STORE_DRAFT = `
UPDATE messages SET draft_id = $3 WHERE id = $1 AND lease_owner = $2 AND status = 'sending'`

/**
 * Takes messages away from workers whose lease ran out. They may have been sent: they are in doubt from now on.
 * $1 now
 */
export const RECOVER_ABANDONED = `
WITH abandoned AS (
  SELECT id FROM messages WHERE status = 'sending' AND lease_until < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED
), recovered AS (
  UPDATE messages m
     SET status = 'queued', lookups = 0, next_attempt_at = $1, lease_owner = NULL, lease_until = NULL
    FROM abandoned a WHERE m.id = a.id
  RETURNING m.id, m.tenant_id
), noted AS (
  INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail)
  SELECT tenant_id, id, $1, 'unknown', 'The process that was sending it ended, or stood still, before the outcome was written down.'
    FROM recovered
)
SELECT id FROM recovered`

/** Messages whose time has come. $1 now */
export const RELEASE_SCHEDULED = `
UPDATE messages SET status = 'queued'
 WHERE id IN (SELECT id FROM messages WHERE status = 'scheduled' AND next_attempt_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

/** Held messages whose reason is gone, should they have been held in the moment it went. $1 now */
export const RELEASE_HELD = `
UPDATE messages SET status = 'queued', held_because = NULL, next_attempt_at = $1
 WHERE id IN (
   SELECT m.id FROM messages m JOIN tenant_settings s ON s.tenant_id = m.tenant_id
    WHERE m.status = 'held' AND s.status = 'connected' AND s.problem IS NULL
      AND (m.held_because <> 'large-attachments-disabled' OR s.large_attachments)
    LIMIT 1000 FOR UPDATE OF m SKIP LOCKED)`
