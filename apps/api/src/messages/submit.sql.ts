/** Keys whose 24 hours are over may be used again. $1 tenants, $2 services, $3 keys, $4 oldest that still counts */
export const FORGET_OLD_KEYS = `
DELETE FROM idempotency_records r USING unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key)
 WHERE r.tenant_id = k.tenant_id AND r.service = k.service AND r.key = k.key AND r.created_at < $4`

/**
 * Takes the keys; one that another transaction is taking is waited for. In a fixed order, so that two batches cannot
 * wait for each other. $1 tenants, $2 services, $3 keys, $4 content hashes, $5 message ids, $6 now
 */
export const TAKE_KEYS = `
INSERT INTO idempotency_records (tenant_id, service, key, content_hash, message_id, created_at)
SELECT k.tenant_id, k.service, k.key, k.content_hash, k.message_id, $6
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS k(tenant_id, service, key, content_hash, message_id)
 ORDER BY k.tenant_id, k.service, k.key
ON CONFLICT DO NOTHING
RETURNING message_id`

/** Who has them. $1 tenants, $2 services, $3 keys, $4 oldest that counts */
export const READ_KEYS = `
SELECT r.tenant_id AS "tenantId", r.service, r.key, r.content_hash AS "contentHash", r.message_id AS "messageId"
  FROM idempotency_records r JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, service, key) USING (tenant_id, service, key)
 WHERE r.created_at >= $4`

/** Keeps those of which all attachments have arrived from being swept until they are complete. $1 ids */
export const LOCK_RECEIVING = `SELECT id FROM messages WHERE id = ANY($1) AND status = 'receiving' FOR UPDATE`

/** With their chunks: another submission had their key before. $1 ids */
export const DISCARD_RECEIVING = `DELETE FROM messages WHERE id = ANY($1) AND status = 'receiving'`

/**
 * Stores and queues, or holds where the tenant has no working connection, and tells how each message stands.
 * A row under which attachments were received is completed. One array for each column; $1 now
 */
export const INSERT_MESSAGES = `
WITH new AS (
  SELECT n.*, n.send_at > $1 AS later, s.from_email AS sender,
         CASE WHEN s.status IS NULL OR s.status = 'not-configured' THEN 'not-configured'
              WHEN s.problem IS NOT NULL THEN s.problem ->> 'code' END AS because
    FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::boolean[],
                $11::int[], $12::text[], $13::bytea[], $14::bigint[], $15::boolean[], $16::bigint[])
      AS n(id, tenant_id, service, "to", subject, reference, send_at, on_unknown_outcome, save_to_sent_items, recipients,
           content_key_sealed, content, attachment_bytes, chunked, stored_bytes)
    LEFT JOIN tenant_settings s ON s.tenant_id = n.tenant_id
), inserted AS (
  INSERT INTO messages (id, tenant_id, service, status, held_because, "to", subject, reference, created_at, send_at, next_attempt_at,
                        on_unknown_outcome, save_to_sent_items, recipients, content_key_sealed, content,
                        attachment_bytes, chunked, stored_bytes)
  SELECT id, tenant_id, service,
         CASE WHEN later THEN 'scheduled' WHEN because IS NULL THEN 'queued' ELSE 'held' END,
         CASE WHEN NOT coalesce(later, false) THEN because END,
         "to", subject, reference, $1, send_at,
         CASE WHEN later THEN send_at WHEN because IS NULL THEN $1::timestamptz END,
         on_unknown_outcome, save_to_sent_items, recipients, content_key_sealed, content,
         attachment_bytes, chunked, stored_bytes
    FROM new
  ON CONFLICT (id) DO UPDATE
    SET status = excluded.status, held_because = excluded.held_because, "to" = excluded."to", subject = excluded.subject,
        reference = excluded.reference, created_at = excluded.created_at, send_at = excluded.send_at,
        next_attempt_at = excluded.next_attempt_at, on_unknown_outcome = excluded.on_unknown_outcome,
        save_to_sent_items = excluded.save_to_sent_items, recipients = excluded.recipients, content = excluded.content,
        attachment_bytes = excluded.attachment_bytes, stored_bytes = excluded.stored_bytes
    WHERE messages.status = 'receiving'
  RETURNING id, status, held_because, next_attempt_at, created_at
)
SELECT i.*, n.sender FROM inserted i JOIN new n USING (id)`
