-- A message that is being sent names the mark under which it is, and the process: its owner judges it once that process is gone.
-- What was leased before belongs to none that is there.
DROP VIEW message_states;
ALTER TABLE message_queue RENAME COLUMN lease_owner TO mark_id;
ALTER TABLE message_queue ADD COLUMN marked_by TEXT, ADD COLUMN marked_at TIMESTAMPTZ(3);
UPDATE message_queue SET marked_by = '', marked_at = mail_now() WHERE mark_id IS NOT NULL;
ALTER TABLE message_queue DROP COLUMN lease_until;
CREATE VIEW message_states AS
 SELECT m.id,
    m.tenant_id,
    m.service,
        CASE
            WHEN (m.outcome IS NOT NULL) THEN m.outcome
            WHEN (q.mark_id IS NOT NULL) THEN 'sending'::text
            ELSE q.state
        END AS status,
    COALESCE(q.from_email, m.from_email) AS from_email,
    m."to",
    m.subject,
    m.reference,
    m.created_at,
    m.send_at,
    m.sent_at,
    m.ended_at,
    q.due_at AS next_attempt_at,
    q.held_because,
    COALESCE(q.possible_duplicate, m.possible_duplicate) AS possible_duplicate,
    m.problem,
    m.recipients,
    m.attachment_bytes,
    COALESCE(q.upload_bytes, (0)::bigint) AS upload_bytes,
    COALESCE((q.size = 'large'::text), false) AS is_large,
    COALESCE(q.uploading, false) AS uploading,
    q.attempt_count,
    q.trying_ms,
    q.doubt,
    q.looks,
    q.attempt_id,
    q.mark_id,
    m.cc,
    m.bcc,
    m.attachments,
    m.priority,
    m.expires_at,
    m.read_receipt,
    m.delivery_receipt
   FROM (messages m
     LEFT JOIN message_queue q ON ((q.message_id = m.id)));
