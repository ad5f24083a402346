-- Each statement counts what it moves, deletes the drafts of what it ends, and gives its events their positions.
DROP TRIGGER message_queue_inserted ON message_queue;
DROP TRIGGER message_queue_updated ON message_queue;
DROP TRIGGER message_queue_deleted ON message_queue;
DROP TRIGGER message_contents_inserted ON message_contents;
DROP TRIGGER message_contents_updated ON message_contents;
DROP TRIGGER message_contents_deleted ON message_contents;
DROP TRIGGER messages_inserted ON messages;
DROP TRIGGER messages_deleted ON messages;
DROP FUNCTION count_inserted_queue_rows();
DROP FUNCTION count_updated_queue_rows();
DROP FUNCTION count_deleted_queue_rows();
DROP FUNCTION count_inserted_contents();
DROP FUNCTION count_updated_contents();
DROP FUNCTION count_deleted_contents();
DROP FUNCTION count_inserted_open_bytes();
DROP FUNCTION count_deleted_open_bytes();
DROP TRIGGER unsent_messages_inserted ON unsent_messages;
DROP TRIGGER unsent_messages_deleted ON unsent_messages;
DROP TRIGGER recipient_outcomes_counted_after_insert ON recipient_outcomes;
DROP TRIGGER recipient_outcomes_counted_after_update ON recipient_outcomes;
DROP TRIGGER submission_of_outcome ON recipient_outcomes;
DROP TRIGGER tenant_settings_reports_end ON tenant_settings;
DROP FUNCTION count_inserted_failures();
DROP FUNCTION count_deleted_failures();
DROP FUNCTION count_bounced_recipients();
DROP FUNCTION note_submission_of_outcome();
DROP FUNCTION switch_reports_off();
DROP FUNCTION lock_mailbox_totals(TEXT[]);
DROP FUNCTION add_to_mailbox_totals;
DROP FUNCTION last_event_position(TEXT);

DROP TABLE failure_counts;

ALTER TABLE mailbox_totals DROP COLUMN unindexed, ADD COLUMN last_event bigint DEFAULT 0 NOT NULL;
UPDATE mailbox_totals t SET last_event = coalesce((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = t.tenant_id), 0);
ALTER TABLE mailbox_totals RENAME TO counters;
ALTER TABLE counters RENAME CONSTRAINT mailbox_totals_pkey TO counters_pkey;
ALTER INDEX counters_pkey RESET (deduplicate_items);

-- Chunks go with their content, also those that a statement which deletes it does not see yet.
DELETE FROM message_chunks k WHERE NOT EXISTS (SELECT FROM message_contents c WHERE c.message_id = k.message_id);
ALTER TABLE message_chunks ADD CONSTRAINT message_chunks_message_id_fkey FOREIGN KEY (message_id) REFERENCES message_contents(message_id) ON UPDATE CASCADE ON DELETE CASCADE;
