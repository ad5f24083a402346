-- What is retried or cancelled together is stored in the batches in which it is changed.
ALTER TABLE bulk_changes ADD COLUMN message_ids text[];

INSERT INTO bulk_changes (tenant_id, action, begun_at, message_ids)
SELECT c.tenant_id, c.action, c.begun_at, array_agg(l.message_id ORDER BY l.message_id)
  FROM bulk_changes c
  JOIN (SELECT change_id, message_id, (row_number() OVER (PARTITION BY change_id ORDER BY message_id) - 1) / 200 AS batch FROM bulk_change_messages) AS l
    ON l.change_id = c.id
 WHERE c.ready
 GROUP BY c.id, l.batch
 ORDER BY c.id, l.batch;
DELETE FROM bulk_changes WHERE message_ids IS NULL;

DROP TABLE bulk_change_messages;
ALTER TABLE bulk_changes DROP COLUMN begun_at, DROP COLUMN ready;
