-- CreateTable
CREATE TABLE "tenant_storage" (
    "tenant_id" TEXT NOT NULL,
    "stored_bytes" BIGINT NOT NULL,

    CONSTRAINT "tenant_storage_pkey" PRIMARY KEY ("tenant_id")
);


-- A row is rewritten many times a second: its versions find room on its own page.
ALTER TABLE "tenant_storage" SET (fillfactor = 20);

-- What a message counts. Attachments in chunks are counted by its row, from before they are stored.
CREATE FUNCTION message_bytes(chunked BOOLEAN, stored_bytes BIGINT, content BYTEA) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN chunked THEN stored_bytes ELSE coalesce(octet_length(content), 0) END;

-- Every statement that writes messages changes the row of a tenant once. A fixed order keeps two batches from waiting
-- for each other.
-- \x3B is a semicolon: whoever applies this splits it at each that is written out.
CREATE FUNCTION count_inserted_messages() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
    SELECT tenant_id, sum(bytes) FROM (SELECT tenant_id, message_bytes(chunked, stored_bytes, content) AS bytes FROM new_messages) AS change
     GROUP BY tenant_id HAVING sum(bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_updated_messages() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
    SELECT tenant_id, sum(bytes) FROM (SELECT tenant_id, message_bytes(chunked, stored_bytes, content) AS bytes FROM new_messages
           UNION ALL
          SELECT tenant_id, -message_bytes(chunked, stored_bytes, content) AS bytes FROM old_messages) AS change
     GROUP BY tenant_id HAVING sum(bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_deleted_messages() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO tenant_storage AS s (tenant_id, stored_bytes)
    SELECT tenant_id, sum(bytes) FROM (SELECT tenant_id, -message_bytes(chunked, stored_bytes, content) AS bytes FROM old_messages) AS change
     GROUP BY tenant_id HAVING sum(bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = s.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

-- In one transaction, so that nothing is written between the count and the first trigger. Until now a message counted
-- what its attachments had before they were sealed.
DO E'BEGIN
    LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE\x3B
    UPDATE messages m
       SET stored_bytes = coalesce(octet_length(m.content), 0)
                        + (SELECT coalesce(sum(octet_length(c.content)), 0) FROM message_chunks c WHERE c.message_id = m.id)
     WHERE m.chunked AND (m.content IS NOT NULL OR m.status = ''receiving'')\x3B
    INSERT INTO tenant_storage (tenant_id, stored_bytes)
    SELECT tenant_id, sum(message_bytes(chunked, stored_bytes, content)) FROM messages GROUP BY tenant_id\x3B
    CREATE TRIGGER messages_counted_after_insert AFTER INSERT ON messages
        REFERENCING NEW TABLE AS new_messages
        FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_messages()\x3B
    CREATE TRIGGER messages_counted_after_update AFTER UPDATE ON messages
        REFERENCING OLD TABLE AS old_messages NEW TABLE AS new_messages
        FOR EACH STATEMENT EXECUTE FUNCTION count_updated_messages()\x3B
    CREATE TRIGGER messages_counted_after_delete AFTER DELETE ON messages
        REFERENCING OLD TABLE AS old_messages
        FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_messages()\x3B
END';
