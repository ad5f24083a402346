-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "open_bytes" INTEGER NOT NULL DEFAULT 0;

-- What is readable of a message stays for weeks after its content is gone, and counts as long. That of messages from
-- before is not counted.
CREATE FUNCTION message_bytes(chunked BOOLEAN, stored_bytes BIGINT, content BYTEA, open_bytes INTEGER) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN open_bytes + CASE WHEN chunked THEN stored_bytes ELSE coalesce(octet_length(content), 0) END;

-- \x3B is a semicolon: whoever applies this splits it at each that is written out.
CREATE OR REPLACE FUNCTION count_inserted_messages() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
    SELECT tenant_id, sum(bytes) FROM (SELECT tenant_id, message_bytes(chunked, stored_bytes, content, open_bytes) AS bytes FROM new_messages) AS change
     GROUP BY tenant_id HAVING sum(bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_updated_messages() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
    SELECT tenant_id, sum(bytes) FROM (SELECT tenant_id, message_bytes(chunked, stored_bytes, content, open_bytes) AS bytes FROM new_messages
           UNION ALL
          SELECT tenant_id, -message_bytes(chunked, stored_bytes, content, open_bytes) AS bytes FROM old_messages) AS change
     GROUP BY tenant_id HAVING sum(bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_deleted_messages() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
    SELECT tenant_id, sum(bytes) FROM (SELECT tenant_id, -message_bytes(chunked, stored_bytes, content, open_bytes) AS bytes FROM old_messages) AS change
     GROUP BY tenant_id HAVING sum(bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

DROP FUNCTION IF EXISTS message_bytes(BOOLEAN, BIGINT, BYTEA);
