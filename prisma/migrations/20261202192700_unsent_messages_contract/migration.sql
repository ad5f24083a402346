-- A message says itself that it was not sent. What was sent writes none of these columns, so its end writes to no index.
ALTER TABLE messages
  ADD COLUMN failed_at timestamptz(3),
  ADD COLUMN cancelled_at timestamptz(3),
  ADD COLUMN content_kept boolean DEFAULT false NOT NULL,
  ADD COLUMN attempt_id text;

UPDATE messages m
   SET failed_at = CASE m.outcome WHEN 'failed' THEN m.ended_at END, cancelled_at = CASE m.outcome WHEN 'cancelled' THEN m.ended_at END,
       content_kept = u.has_content, attempt_id = u.attempt_id
  FROM unsent_messages u WHERE u.message_id = m.id;

DROP TABLE unsent_messages;

CREATE INDEX messages_content_kept_idx ON messages USING btree (failed_at) WHERE content_kept;
-- Their first key is an expression, as that of messages_unreported_idx. That of what failed tells all that a filter asks of it.
CREATE INDEX messages_failed_idx ON messages USING btree
  ((tenant_id || ''), created_at, failed_at, (left(problem ->> 'code', 100)), (left(coalesce(problem ->> 'microsoftCode', problem ->> 'code', 'unknown'), 100)))
  WHERE (failed_at IS NOT NULL);
CREATE INDEX messages_cancelled_idx ON messages USING btree ((tenant_id || ''), created_at) WHERE (cancelled_at IS NOT NULL);
