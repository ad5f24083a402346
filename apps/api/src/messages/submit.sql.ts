/** Keys whose 24 hours are over may be used again. $1 tenants, $2 services, $3 keys */
export const FORGET_OLD_KEYS = `
DELETE FROM idempotency_records r USING unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key)
 WHERE r.tenant_id = k.tenant_id AND r.service = k.service AND r.key = k.key AND r.created_at < mail_now() - interval '24 hours'`

/**
 * Takes the keys; one that another transaction is taking is waited for. In a fixed order, so that two batches cannot
 * wait for each other. $1 tenants, $2 services, $3 keys, $4 content hashes, $5 message ids
 */
export const TAKE_KEYS = `
INSERT INTO idempotency_records (tenant_id, service, key, content_hash, message_id, created_at)
SELECT k.tenant_id, k.service, k.key, k.content_hash, k.message_id, mail_now()
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS k(tenant_id, service, key, content_hash, message_id)
 ORDER BY k.tenant_id, k.service, k.key
ON CONFLICT DO NOTHING
RETURNING message_id`

/** Who has them. $1 tenants, $2 services, $3 keys */
export const READ_KEYS = `
SELECT r.tenant_id AS "tenantId", r.service, r.key, r.content_hash AS "contentHash", r.message_id AS "messageId"
  FROM idempotency_records r JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key) USING (tenant_id, service, key)
 WHERE r.created_at >= mail_now() - interval '24 hours'`

/** Keeps those of which all attachments have arrived from being swept until they are complete. $1 ids */
export const LOCK_RECEIVING = `SELECT id FROM messages WHERE id = ANY($1) AND status = 'receiving' FOR UPDATE`

/**
 * Locks what the tenants have stored, in a fixed order. Completing received messages and inserting others change it one
 * after the other, which would not be in that order. $1 tenants
 */
export const LOCK_STORAGE = `
INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
SELECT DISTINCT tenant_id, 0 FROM unnest($1::text[]) AS t(tenant_id) ORDER BY tenant_id
ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes`

/** $1 tenants */
export const READ_STORAGE = `
SELECT tenant_id AS "tenantId", stored_bytes AS "storedBytes" FROM tenant_storage WHERE tenant_id = ANY($1)`

/** $1 ids */
export const WITHDRAW_MESSAGES = `DELETE FROM messages WHERE id = ANY($1) AND status <> 'receiving'`

/** $1 tenants, $2 services, $3 keys */
export const RELEASE_KEYS = `
DELETE FROM idempotency_records r USING unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key)
 WHERE r.tenant_id = k.tenant_id AND r.service = k.service AND r.key = k.key`

/**
 * Stores and queues, or holds where the tenant has no working connection, and tells how each message stands.
 * A row under which attachments were received is completed. Messages that the tenant has no room for are left out, the
 * largest first, so that none of them keeps out a smaller one. The room is what others have committed so far: whether it
 * was enough is known once the row in tenant_storage has been changed.
 *
 * $18 the most that a tenant may have stored; else one array for each column
 */
export const INSERT_MESSAGES = `
WITH new AS (
  SELECT n.*, n.send_at > mail_now() AS later, s.from_email AS sender,
         CASE WHEN s.status IS NULL OR s.status = 'not-configured' THEN 'not-configured'
              WHEN s.problem IS NOT NULL THEN s.problem ->> 'code' END AS because
    FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::boolean[],
                $10::int[], $11::text[], $12::bytea[], $13::bigint[], $14::boolean[], $15::bigint[], $16::int[], $17::bigint[])
      AS n(id, tenant_id, service, "to", subject, reference, send_at, on_unknown_outcome, save_to_sent_items, recipients,
           content_key_sealed, content, attachment_bytes, chunked, stored_bytes, open_bytes, added_bytes)
    LEFT JOIN tenant_settings s ON s.tenant_id = n.tenant_id
), fitting AS (
  SELECT id
    FROM (SELECT n.id, coalesce(s.stored_bytes, 0) + sum(n.added_bytes) OVER (PARTITION BY n.tenant_id ORDER BY n.added_bytes, n.id) AS total_bytes
            FROM new n LEFT JOIN tenant_storage s ON s.tenant_id = n.tenant_id) AS adding
   WHERE total_bytes <= $18
), inserted AS (
  INSERT INTO messages (id, tenant_id, service, status, held_because, "to", subject, reference, created_at, send_at, next_attempt_at,
                        on_unknown_outcome, save_to_sent_items, recipients, content_key_sealed, content,
                        attachment_bytes, chunked, stored_bytes, open_bytes)
  SELECT id, tenant_id, service,
         CASE WHEN later THEN 'scheduled' WHEN because IS NULL THEN 'queued' ELSE 'held' END,
         CASE WHEN NOT coalesce(later, false) THEN because END,
         "to", subject, reference, mail_now(), send_at,
         CASE WHEN later THEN send_at WHEN because IS NULL THEN mail_now() END,
         on_unknown_outcome, save_to_sent_items, recipients, content_key_sealed, content,
         attachment_bytes, chunked, stored_bytes, open_bytes
    FROM new WHERE id IN (SELECT id FROM fitting)
  ON CONFLICT (id) DO UPDATE
    SET status = excluded.status, held_because = excluded.held_because, "to" = excluded."to", subject = excluded.subject,
        reference = excluded.reference, created_at = excluded.created_at, send_at = excluded.send_at,
        next_attempt_at = excluded.next_attempt_at, on_unknown_outcome = excluded.on_unknown_outcome,
        save_to_sent_items = excluded.save_to_sent_items, recipients = excluded.recipients, content = excluded.content,
        attachment_bytes = excluded.attachment_bytes, stored_bytes = excluded.stored_bytes,
        open_bytes = excluded.open_bytes
    WHERE messages.status = 'receiving'
  RETURNING id, status, held_because, next_attempt_at, created_at
)
SELECT i.*, n.sender FROM inserted i JOIN new n USING (id)`
