-- Of what was not sent nothing is ever reported. The index tells it apart, so that a filter for what was sent reads none of it.
DROP INDEX messages_unreported_idx;
CREATE INDEX messages_unreported_idx ON messages USING btree ((tenant_id || ''), created_at, failed_at, cancelled_at) WHERE (NOT reported);
