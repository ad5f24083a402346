// Queries that find rows of the queue which contradict each other; each returns nothing while all is well.

/** Totals that differ from the rows they count. */
export const WRONG_TOTALS = `
SELECT t.*, counted.* FROM (SELECT tenant_id FROM mailbox_totals UNION SELECT tenant_id FROM message_queue) AS tenants
  LEFT JOIN mailbox_totals t USING (tenant_id) CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state = 'queued' AND lease_owner IS NULL) AS c1,
         coalesce(sum(recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS c2,
         count(*) FILTER (WHERE lease_owner IS NOT NULL) AS c3,
         count(*) FILTER (WHERE lease_owner IS NOT NULL AND size = 'large') AS c4,
         coalesce(sum(recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS c5,
         coalesce(sum(upload_bytes) FILTER (WHERE state = 'queued'), 0) AS c6,
         count(*) FILTER (WHERE state = 'scheduled') AS c7, count(*) FILTER (WHERE state = 'held') AS c8,
         (SELECT coalesce(sum(c.stored_bytes), 0) FROM message_contents c WHERE c.tenant_id = tenants.tenant_id)
         + (SELECT coalesce(sum(m.open_bytes), 0) FROM messages m WHERE m.tenant_id = tenants.tenant_id) AS c9
    FROM message_queue q WHERE q.tenant_id = tenants.tenant_id) AS counted
 WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held, stored_bytes)
       IS DISTINCT FROM (c1, c2, c3, c4, c5, c6, c7, c8, c9)`

/** Counts of failed messages that differ from the rows they count. */
export const WRONG_FAILURES = `
SELECT * FROM failure_counts FULL JOIN (
  SELECT u.tenant_id, date_bin('1 hour', u.ended_at, 'epoch') AS hour, coalesce(m.problem ->> 'microsoftCode', m.problem ->> 'code') AS cause,
         count(*) AS rows
    FROM unsent_messages u JOIN messages m ON m.id = u.message_id WHERE u.outcome = 'failed' GROUP BY 1, 2, 3) AS counted USING (tenant_id, hour, cause)
 WHERE messages IS DISTINCT FROM rows`

/** Messages whose rows contradict each other. */
export const CONTRADICTIONS = `
SELECT m.*, q.*, u.*, d.*, c.message_id
  FROM messages m FULL JOIN message_queue q ON q.message_id = m.id
  FULL JOIN unsent_messages u ON u.message_id = m.id
  FULL JOIN message_drafts d ON d.message_id = m.id
  FULL JOIN message_contents c ON c.message_id = m.id
 WHERE m.id IS NULL
    OR (m.outcome IS NULL) <> (q.message_id IS NOT NULL)
    OR m.outcome IS DISTINCT FROM CASE WHEN m.outcome = 'sent' THEN 'sent' ELSE u.outcome END OR (m.outcome = 'sent' AND u.outcome IS NOT NULL)
    OR (m.outcome IS NULL) <> (m.ended_at IS NULL) OR (m.outcome IS NOT DISTINCT FROM 'sent') <> (m.sent_at IS NOT NULL)
    OR coalesce(q.has_draft, false) <> (d.message_id IS NOT NULL)
    OR (m.outcome IS NULL OR m.outcome = 'failed') <> (c.content IS NOT NULL)
    OR (q.state = 'held') <> (q.due_at IS NULL) OR (q.state = 'held') <> (q.held_because IS NOT NULL)
    OR (q.lease_owner IS NULL) <> (q.lease_until IS NULL) OR q.lease_owner IS NOT NULL AND q.state <> 'queued'
    OR q.wire_version IS NOT NULL AND q.lease_owner IS NULL OR (q.doubt = 'none' AND q.looks > 0)`
