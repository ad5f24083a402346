// Queries that find rows of the queue which contradict each other; each returns nothing while all is well.

/** Counters that differ from the rows they count. */
export const WRONG_COUNTERS = `
SELECT * FROM counters FULL JOIN (
  SELECT tenant_id, count(*) FILTER (WHERE state = 'queued' AND mark_id IS NULL) AS c1,
         coalesce(sum(recipients) FILTER (WHERE state = 'queued' AND mark_id IS NULL), 0) AS c2,
         count(*) FILTER (WHERE mark_id IS NOT NULL) AS c3, count(*) FILTER (WHERE mark_id IS NOT NULL AND size = 'large') AS c4,
         coalesce(sum(recipients) FILTER (WHERE mark_id IS NOT NULL), 0) AS c5, coalesce(sum(uploads) FILTER (WHERE state = 'queued'), 0) AS c6,
         count(*) FILTER (WHERE state = 'scheduled') AS c7, count(*) FILTER (WHERE state = 'held') AS c8, coalesce(sum(bytes), 0) AS c9
    FROM (
      SELECT tenant_id, state, mark_id, size, recipients, upload_bytes AS uploads, NULL::bigint AS bytes FROM message_queue
       UNION ALL
      SELECT tenant_id, NULL, NULL, NULL, NULL, NULL, stored_bytes FROM message_contents
       UNION ALL
      SELECT tenant_id, NULL, NULL, NULL, NULL, NULL, open_bytes FROM messages) AS stored GROUP BY tenant_id) AS counted USING (tenant_id)
 WHERE (coalesce(queued, 0), coalesce(queued_recipients, 0), coalesce(sending, 0), coalesce(sending_large, 0), coalesce(sending_recipients, 0),
        coalesce(upload_bytes, 0), coalesce(scheduled, 0), coalesce(held, 0), coalesce(stored_bytes, 0))
       <> (${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((column) => `coalesce(c${column}, 0)`).join(', ')})`

/** Messages whose rows contradict each other. */
export const CONTRADICTIONS = `
SELECT m.*, q.*, d.*, c.message_id
  FROM messages m FULL JOIN message_queue q ON q.message_id = m.id
  FULL JOIN message_drafts d ON d.message_id = m.id
  FULL JOIN message_contents c ON c.message_id = m.id
 WHERE m.id IS NULL
    OR (m.outcome IS NULL) <> (q.message_id IS NOT NULL)
    OR (m.outcome IS NOT DISTINCT FROM 'failed') <> (m.failed_at IS NOT NULL) OR m.failed_at <> m.ended_at
    OR (m.outcome IS NOT DISTINCT FROM 'cancelled') <> (m.cancelled_at IS NOT NULL) OR m.cancelled_at <> m.ended_at
    OR m.content_kept <> (m.failed_at IS NOT NULL AND c.content IS NOT NULL)
    OR (m.outcome IS NULL) <> (m.ended_at IS NULL) OR (m.outcome IS NOT DISTINCT FROM 'sent') <> (m.sent_at IS NOT NULL)
    OR coalesce(q.has_draft, false) <> (d.message_id IS NOT NULL)
    OR (m.outcome IS NULL OR m.outcome = 'failed') <> (c.content IS NOT NULL)
    OR (q.state = 'held') <> (q.due_at IS NULL) OR (q.state = 'held') <> (q.held_because IS NOT NULL)
    OR (q.mark_id IS NULL) <> (q.marked_by IS NULL) OR (q.mark_id IS NULL) <> (q.marked_at IS NULL) OR q.mark_id IS NOT NULL AND q.state <> 'queued'
    OR q.wire_version IS NOT NULL AND q.mark_id IS NULL OR (q.doubt = 'none' AND q.looks > 0)`
