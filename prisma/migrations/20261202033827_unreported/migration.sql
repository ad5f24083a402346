-- Of which messages something is not known yet, in the order of submission. Without it a filter for them reads all messages.

ALTER TABLE messages ADD COLUMN reported boolean NOT NULL DEFAULT false;

UPDATE messages m SET reported = true
  FROM (SELECT message_id, sum(places) AS places FROM recipient_outcomes WHERE delivery IS NOT NULL GROUP BY message_id) AS o
 WHERE o.message_id = m.id AND o.places >= m.recipients;

-- By an expression, no other index of the table fits the question, however small statistics call it.
CREATE INDEX messages_unreported_idx ON messages USING btree ((tenant_id || ''), created_at) WHERE (NOT reported);
