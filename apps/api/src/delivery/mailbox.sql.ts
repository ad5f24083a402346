/**
 * Two processes never spend the same allowance. Not by the mailbox's row: claims pass over one that is locked, and
 * other messages would wait for those that upload. $1 tenant
 */
export const LOCK_UPLOADS = `SELECT pg_advisory_xact_lock(hashtextextended('uploads of ' || $1, 0))`

/**
 * Charges bytes to the mailbox if they fit its limit of 5 minutes, or if nothing was charged in them.
 * $1 tenant, $2 bytes, $3 the limit
 */
export const CHARGE_UPLOAD = `
INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
SELECT $1, date_bin('10 seconds', mail_now(), 'epoch'), 0, 0, $2::bigint
  FROM (SELECT coalesce(sum(upload_bytes), 0) AS bytes FROM mailbox_usage
         WHERE tenant_id = $1 AND started_at > mail_now() - interval '310 seconds') AS used
 WHERE used.bytes = 0 OR used.bytes + $2::bigint <= $3::bigint
ON CONFLICT (tenant_id, started_at) DO UPDATE SET upload_bytes = mailbox_usage.upload_bytes + excluded.upload_bytes`

/** In how many ms the first of what is charged no longer counts. $1 tenant */
export const FREED_IN = `
SELECT ceil(extract(epoch FROM min(started_at) + interval '310 seconds' - mail_now()) * 1000)::int AS wait_ms FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - interval '310 seconds' AND upload_bytes > 0`

/** Microsoft refused a message of this size. $1 tenant, $2 encoded bytes */
export const LEARN_SIZE_LIMIT = `
UPDATE tenants
   SET message_size_limit = least(CASE WHEN message_size_limit_at > mail_now() - interval '1 day' THEN message_size_limit END, $2::bigint - 1),
       message_size_limit_at = mail_now()
 WHERE id = $1`

/** Graph takes no longer request. $1 tenant, $2 bytes */
export const LEARN_REQUEST_LIMIT = `
UPDATE tenants SET request_size_limit = $2, request_size_limit_at = mail_now() WHERE id = $1`

/** Graph opens no upload session for a smaller file. $1 tenant, $2 bytes */
export const LEARN_SESSION_MINIMUM = `
UPDATE tenants
   SET session_size_minimum = greatest(CASE WHEN session_size_minimum_at > mail_now() - interval '1 day' THEN session_size_minimum END, $2::bigint),
       session_size_minimum_at = mail_now()
 WHERE id = $1`

/** As `LOCK_MAILBOXES`, for what is to be deleted in mailboxes that can be reached. $1 how many at most */
export const LOCK_FOR_CLEANUP = `
SELECT t.id FROM tenants t JOIN tenant_settings s ON s.tenant_id = t.id
 WHERE s.status = 'connected' AND s.problem IS NULL AND (t.mailbox_paused_until IS NULL OR t.mailbox_paused_until <= mail_now())
   AND EXISTS (SELECT 1 FROM mailbox_cleanups c WHERE c.tenant_id = t.id AND c.due_at <= mail_now())
 ORDER BY random()
 LIMIT $1
   FOR UPDATE OF t SKIP LOCKED`

/**
 * Leases one deletion in each of the locked mailboxes that has a request to spare.
 * $1 tenants, $2 requests at once, or 0, $3 lease in ms
 */
export const CLAIM_CLEANUPS = `
WITH picked AS MATERIALIZED (
  SELECT due.tenant_id, due.item_id
    FROM unnest($1::text[]) AS b(id) CROSS JOIN LATERAL (
      SELECT c.tenant_id, c.item_id FROM mailbox_cleanups c
       WHERE c.tenant_id = b.id AND c.due_at <= mail_now() AND (c.lease_until IS NULL OR c.lease_until <= mail_now())
       ORDER BY c.due_at LIMIT 1) AS due
   WHERE $2 = 0 OR $2 > (SELECT count(*) FROM messages m WHERE m.tenant_id = b.id AND m.status = 'sending')
                       + (SELECT count(*) FROM mailbox_cleanups c WHERE c.tenant_id = b.id AND c.lease_until > mail_now())
)
UPDATE mailbox_cleanups c SET lease_until = mail_now() + $3 * interval '1 millisecond'
  FROM picked p WHERE c.tenant_id = p.tenant_id AND c.item_id = p.item_id
RETURNING c.tenant_id, c.item_id, c.kind, floor(extract(epoch FROM mail_now() - c.created_at) * 1000)::bigint AS age_ms`

/** $1 tenant, $2 message, $3 in how many ms to look */
export const EXPECT_STRAY = `
INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
VALUES ($1, $2, 'stray', mail_now(), mail_now() + $3 * interval '1 millisecond')
ON CONFLICT DO NOTHING`

/** Whether a message may still use a draft, or have one that is about to leave. $1 message, $2 accepted within how many ms */
export const IS_UNDER_WAY = `
SELECT 1 FROM messages
 WHERE id = $1 AND (status IN ('scheduled', 'queued', 'sending', 'held') OR sent_at > mail_now() - $2 * interval '1 millisecond')`

/** $1 tenant, $2 item */
export const IS_TO_BE_DELETED = `SELECT 1 FROM mailbox_cleanups WHERE tenant_id = $1 AND item_id = $2`

/** $1 tenant, $2 item */
export const END_CLEANUP = `DELETE FROM mailbox_cleanups WHERE tenant_id = $1 AND item_id = $2`

/** $1 tenant, $2 item, $3 in how many ms */
export const POSTPONE_CLEANUP = `
UPDATE mailbox_cleanups SET due_at = mail_now() + $3 * interval '1 millisecond', lease_until = NULL WHERE tenant_id = $1 AND item_id = $2`
