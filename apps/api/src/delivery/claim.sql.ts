import { LARGE_FROM_BYTES } from '@inforiver-mail/contract/message'

/** Below, the content comes with the claim; the rest is read when there is room for it. */
const SMALL_BYTES = 65_536

/**
 * Locks mailboxes with something due. Tenants that another process is looking at are passed over. It is a statement of
 * its own, so that what the next one counts is what the last holder of the lock left behind.
 * $1 how many at most
 */
export const LOCK_MAILBOXES = `
SELECT t.id
  FROM tenants t
 WHERE (t.mailbox_paused_until IS NULL OR t.mailbox_paused_until <= mail_now())
   AND EXISTS (SELECT 1 FROM messages m WHERE m.tenant_id = t.id AND m.status = 'queued' AND m.next_attempt_at <= mail_now())
 ORDER BY random()
 LIMIT $1
   FOR UPDATE OF t SKIP LOCKED`

/**
 * Leases due messages of the locked mailboxes to one worker.
 *
 * Every tenant gets its share of the batch, so that one tenant's backlog does not delay another's message; and large
 * messages leave one of the mailbox's requests at once to the others, so that none waits for an upload. A limit of 0
 * stands for none.
 *
 * A message that goes in one request is cleared for it at once, under the settings of this moment: their row is locked,
 * so that a change of the settings sees the request as under way, or the claim sees the change.
 *
 * $1 tenants, $2 how many at most, $3 requests at once, $4 messages a minute, $5 recipients a day, $6 lease owner,
 * $7 lease in ms
 */
export const CLAIM = `
WITH boxes AS (
  SELECT unnest($1::text[]) AS tenant_id
), settings AS MATERIALIZED (
  SELECT s.tenant_id, s.version, s.status = 'connected' AS connected, concat_ws(' ', s.status, s.version, s.grant_version, s.sent_items_search) AS stamp,
         'Mail.ReadWrite' = ANY (s.granted_permissions) AS readable, s.sent_items_search = 'works' AS searchable, s.from_email
    FROM tenant_settings s WHERE s.tenant_id = ANY ($1)
     FOR SHARE SKIP LOCKED
), sending AS MATERIALIZED (
  SELECT b.tenant_id, coalesce(sum(m.recipients), 0)::int AS recipients, count(m.id)::int AS messages,
         count(m.id) FILTER (WHERE m.stored_bytes > ${LARGE_FROM_BYTES})::int AS large,
         count(m.id)::int + (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = b.tenant_id AND c.lease_until > mail_now()) AS requests
    FROM boxes b LEFT JOIN messages m ON m.tenant_id = b.tenant_id AND m.status = 'sending' AND ($3 > 0 OR $4 > 0 OR $5 > 0)
   GROUP BY b.tenant_id
), room AS MATERIALIZED (
  SELECT s.tenant_id,
         least(
           ceil($2::numeric / (SELECT count(*) FROM boxes))::int,
           CASE WHEN $3 = 0 THEN $2 ELSE $3 - s.requests END,
           CASE WHEN $4 = 0 THEN $2 ELSE $4 - s.messages - (
             SELECT coalesce(sum(u.messages), 0)::int FROM mailbox_usage u
              WHERE u.tenant_id = s.tenant_id AND u.started_at > mail_now() - interval '70 seconds') END
         ) AS messages,
         CASE WHEN $3 < 2 THEN $2 ELSE $3 - 1 - s.large END AS large,
         CASE WHEN $5 = 0 THEN 0 ELSE s.recipients + (
           SELECT coalesce(sum(u.recipients), 0)::int FROM mailbox_usage u
            WHERE u.tenant_id = s.tenant_id AND u.started_at > mail_now() - interval '1 day') END AS recipients_used
    FROM sending s
), picked AS MATERIALIZED (
  SELECT due.id, r.tenant_id
    FROM room r CROSS JOIN LATERAL (
      SELECT first.id, sum(first.recipients) OVER place AS recipients, row_number() OVER place AS place,
             first.is_large, count(*) FILTER (WHERE first.is_large) OVER place AS large
        FROM (SELECT m.id, m.recipients, m.next_attempt_at, m.stored_bytes > ${LARGE_FROM_BYTES} AS is_large FROM messages m
               WHERE m.tenant_id = r.tenant_id AND m.status = 'queued' AND m.next_attempt_at <= mail_now()
                 AND (r.large > 0 OR m.stored_bytes <= ${LARGE_FROM_BYTES})
               ORDER BY m.next_attempt_at LIMIT greatest(r.messages, 0)) AS first
       WINDOW place AS (ORDER BY first.next_attempt_at, first.id)
    ) AS due
   WHERE ($5 = 0 OR r.recipients_used + due.recipients <= $5
          OR (r.recipients_used = 0 AND due.place = 1)) -- more than a day allows: on a day of its own
     AND (NOT due.is_large OR due.large <= r.large)
   LIMIT $2
), cleared AS MATERIALIZED ( -- in doubt, by draft or after an upload, other requests come first
  SELECT p.id, s.version, s.stamp, s.from_email, octet_length(m.content) <= ${SMALL_BYTES} AS small,
         coalesce(s.connected AND m.lookups IS NULL AND m.draft_id IS NULL AND NOT m.chunked AND octet_length(m.content) <= ${SMALL_BYTES}
                  AND (NOT s.readable OR s.searchable AND m.save_to_sent_items), false) AS direct
    FROM picked p JOIN messages m USING (id) LEFT JOIN settings s ON s.tenant_id = p.tenant_id
)
UPDATE messages m
   SET status = 'sending', lease_owner = $6, lease_until = mail_now() + $7 * interval '1 millisecond', attempt_count = m.attempt_count + 1,
       attempt_id = CASE WHEN c.direct THEN $6 ELSE m.attempt_id END, from_email = CASE WHEN c.direct THEN c.from_email ELSE m.from_email END,
       wire_version = CASE WHEN c.direct THEN c.version END
  FROM cleared c
 WHERE m.id = c.id AND m.status = 'queued'
RETURNING m.id, m.tenant_id, m.recipients, m.attempt_count, m.trying_ms, m.lookups, m.possible_duplicate,
          m.on_unknown_outcome, m.save_to_sent_items, m.from_email, m.draft_id, m.internet_message_id, m.created_at, m.content_key_sealed,
          m.attachment_bytes, m.chunked, m.stored_bytes, m.uploading, m.upload_attached, m.upload_url_sealed, m.upload_expires_at,
          m.upload_position, CASE WHEN c.small THEN m.content END AS content,
          m.wire_version AS cleared_version, coalesce(c.stamp, '') AS settings_stamp`

/** Waits for claims that are being committed: of what they change a statement sees nothing before. */
export const AWAIT_CLAIMS = `SELECT FROM tenants FOR KEY SHARE`

/** Undoes a claim whose answer was lost: nothing was sent under it, although another process may think so. $1 lease owner */
export const GIVE_BACK = `
UPDATE messages
   SET status = 'queued', lease_owner = NULL, lease_until = NULL, attempt_count = attempt_count - 1, wire_version = NULL,
       lookups = CASE WHEN attempt_id = $1 THEN NULL ELSE lookups END, attempt_id = nullif(attempt_id, $1)
 WHERE (status = 'sending' AND lease_owner = $1) OR (status = 'queued' AND attempt_id = $1)`

/** $1 ids, $2 lease owners, $3 lease in ms */
export const RENEW = `
UPDATE messages m SET lease_until = mail_now() + $3 * interval '1 millisecond'
  FROM unnest($1::text[], $2::text[]) AS held(id, lease_owner)
 WHERE m.id = held.id AND m.lease_owner = held.lease_owner AND m.status = 'sending'
RETURNING m.id`

/** The settings of a tenant, locked, as long as they are still of this version: whoever changes them waits. */
const currentSettings = (tenant: string, version: string): string =>
  `SELECT s.tenant_id, s.version FROM tenant_settings s
    WHERE s.tenant_id = ${tenant} AND s.version = ${version} AND s.status = 'connected' FOR SHARE`

/**
 * Clears requests to the mailbox: the lease is held, and the settings are those that the request is made with. What may
 * send begins an attempt by it, and notes its sender; what may not has nothing in flight: the attempt before was answered
 * if the lease made one. What may be a second delivery is marked before, since its worker may die.
 * $1 ids, $2 lease owners, $3 tenants, $4 versions of their settings, $5 whether the message may be sent, $6 whether it
 * may have been sent before
 */
export const CLEAR = `
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::boolean[], $6::boolean[])
      AS a(id, lease_owner, tenant_id, version, sends, in_doubt)
), current AS MATERIALIZED (
  SELECT s.tenant_id, s.version, s.from_email FROM tenant_settings s
   WHERE s.tenant_id IN (SELECT tenant_id FROM asked) AND s.status = 'connected'
   ORDER BY s.tenant_id FOR SHARE
)
UPDATE messages m
   SET wire_version = a.version, attempt_id = CASE WHEN a.sends THEN m.lease_owner ELSE nullif(m.attempt_id, m.lease_owner) END,
       from_email = CASE WHEN a.sends THEN c.from_email ELSE m.from_email END,
       possible_duplicate = m.possible_duplicate OR a.in_doubt
  FROM asked a JOIN current c USING (tenant_id, version)
 WHERE m.id = a.id AND m.lease_owner = a.lease_owner AND m.status = 'sending'
RETURNING m.id, m.lease_owner`

/**
 * Written before anything is done with the draft, so that any process can go on from it. While one is being filled it
 * is certain that the message was not sent; a complete one is sent next.
 * $1 id, $2 lease owner, $3 tenant, $4 version of the settings, $5 draft id, $6 whether it is to be filled, $7 its sender,
 * $8 its Message-ID
 */
export const STORE_DRAFT = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')})
UPDATE messages
   SET draft_id = $5, from_email = $7, internet_message_id = $8, uploading = $6,
       attempt_id = CASE WHEN NOT $6 AND $5::text IS NOT NULL THEN lease_owner ELSE attempt_id END, upload_attached = 0,
       upload_url_sealed = NULL, upload_expires_at = NULL, upload_position = 0, uploaded_bytes = 0
 WHERE id = $1 AND lease_owner = $2 AND status = 'sending' AND EXISTS (SELECT 1 FROM current)`

/**
 * A draft is to be deleted that was made while its message was cancelled, or while the settings changed. One whose message
 * is in other hands, or has ended, may have been taken up there: it is looked for once the message needs none.
 * $1 id, $2 lease owner, $3 draft id
 */
export const LEAVE_DRAFT = `
INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
SELECT tenant_id, CASE WHEN is_ours THEN $3 ELSE id END, CASE WHEN is_ours THEN 'draft' ELSE 'stray' END, mail_now(), mail_now()
  FROM (SELECT id, tenant_id, status = 'cancelled' OR status = 'sending' AND lease_owner = $2 AS is_ours FROM messages WHERE id = $1) AS m
ON CONFLICT DO NOTHING`

/**
 * How far a draft is filled. A mailbox that takes bytes is out of trouble.
 * $1 id, $2 lease owner, $3 tenant, $4 version of the settings, $5 attached, $6 upload address, $7 until when, $8 position,
 * $9 bytes in all
 */
export const STORE_UPLOAD = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')}), stored AS (
  UPDATE messages
     SET upload_attached = $5, upload_url_sealed = $6, upload_expires_at = $7, upload_position = $8, uploaded_bytes = $9, attempt_count = 1
   WHERE id = $1 AND lease_owner = $2 AND status = 'sending' AND uploading AND EXISTS (SELECT 1 FROM current)
  RETURNING id, tenant_id
), noticed AS (
  UPDATE tenants t SET troubled_since = NULL
    FROM stored s JOIN messages before USING (id)
   WHERE t.id = s.tenant_id AND t.troubled_since IS NOT NULL AND before.uploaded_bytes < $9
)
SELECT id FROM stored`

/** From here on it may be sent, and cannot be cancelled. $1 id, $2 lease owner, $3 tenant, $4 version of the settings */
export const FINISH_UPLOAD = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')})
UPDATE messages SET uploading = false, upload_url_sealed = NULL, attempt_id = lease_owner
 WHERE id = $1 AND lease_owner = $2 AND status = 'sending' AND EXISTS (SELECT 1 FROM current)`

/** What a claim left out because it is large. $1 id */
export const READ_CONTENT = `SELECT content FROM messages WHERE id = $1`
