import { noteAttempts } from './attempt.sql.ts'

/**
 * Takes messages away from workers whose lease ran out. Those that had been handed to Microsoft may have been sent: they
 * are in doubt from now on, unless the outcome of that attempt arrives late, and the mailbox's limits count them. Of the
 * others it is certain that nothing has changed.
 */
export const RECOVER_ABANDONED = `
WITH abandoned AS (
  SELECT id, lease_owner, attempt_id IS NOT DISTINCT FROM lease_owner AS tried
    FROM messages WHERE status = 'sending' AND lease_until < mail_now() LIMIT 1000 FOR UPDATE SKIP LOCKED
), recovered AS (
  UPDATE messages m
     SET status = 'queued', lookups = CASE WHEN a.tried THEN 0 ELSE m.lookups END, next_attempt_at = mail_now(),
         lease_owner = NULL, lease_until = NULL, wire_version = NULL
    FROM abandoned a WHERE m.id = a.id
  RETURNING m.id, m.tenant_id, m.recipients, a.tried, m.uploading
), attempts AS (
  SELECT id AS message_id, tenant_id, mail_now() AS at, CASE WHEN tried THEN 'unknown' ELSE 'unavailable' END AS outcome, NULL::text AS code,
         CASE WHEN tried THEN 'The process that was sending it ended, or stood still, before the outcome was written down.'
              WHEN uploading THEN 'The process that was uploading it ended, or stood still. Another goes on where it was.'
              ELSE 'The process that was working on it ended, or stood still, before it was sent.' END AS detail
    FROM recovered
), ${noteAttempts('attempts')}, used AS (
  INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
  SELECT tenant_id, date_bin('10 seconds', mail_now(), 'epoch'), count(*), sum(recipients) FROM recovered WHERE tried
   GROUP BY 1 ORDER BY 1
  ON CONFLICT (tenant_id, started_at) DO UPDATE
    SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients
), noticed AS (
  UPDATE tenants SET troubled_since = mail_now() WHERE id IN (SELECT tenant_id FROM recovered) AND troubled_since IS NULL
)
SELECT id FROM recovered`

/** Messages whose time has come. */
export const RELEASE_SCHEDULED = `
UPDATE messages SET status = 'queued'
 WHERE id IN (SELECT id FROM messages WHERE status = 'scheduled' AND next_attempt_at <= mail_now() LIMIT 1000 FOR UPDATE SKIP LOCKED)`

/** Held messages whose reason is gone, should they have been held in the moment it went. */
export const RELEASE_HELD = `
UPDATE messages SET status = 'queued', held_because = NULL, next_attempt_at = mail_now()
 WHERE id IN (
   SELECT m.id FROM messages m JOIN tenant_settings s ON s.tenant_id = m.tenant_id
    WHERE m.status = 'held' AND s.status = 'connected' AND s.problem IS NULL
      AND (m.held_because <> 'large-attachments-disabled' OR s.large_attachments)
    LIMIT 1000 FOR UPDATE OF m SKIP LOCKED)`
