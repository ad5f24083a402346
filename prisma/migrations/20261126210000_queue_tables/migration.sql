-- A message is written when it is submitted and once when it ends. What changes in between, its content, and what is
-- known of its mailbox stand in tables of their own, so that no change writes any of the others again. The rows of
-- messages that have ended stay where they are.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.

-- What the queue has to know of a mailbox. No row: nothing.
CREATE TABLE "mailboxes" (
    "tenant_id" TEXT NOT NULL,
    "paused_until" TIMESTAMPTZ(3),
    "no_access_until" TIMESTAMPTZ(3),
    "troubled_since" TIMESTAMPTZ(3),
    "message_size_limit" BIGINT,
    "message_size_limit_at" TIMESTAMPTZ(3),
    "request_size_limit" BIGINT,
    "request_size_limit_at" TIMESTAMPTZ(3),
    "session_size_minimum" BIGINT,
    "session_size_minimum_at" TIMESTAMPTZ(3),

    CONSTRAINT "mailboxes_pkey" PRIMARY KEY ("tenant_id")
);

DROP TRIGGER "messages_counted_after_insert" ON "messages";
DROP TRIGGER "messages_counted_after_update" ON "messages";
DROP TRIGGER "messages_counted_after_delete" ON "messages";
DROP FUNCTION count_inserted_messages();
DROP FUNCTION count_updated_messages();
DROP FUNCTION count_deleted_messages();
DROP FUNCTION message_bytes(BOOLEAN, BIGINT, BYTEA, INTEGER);

INSERT INTO "mailboxes"
SELECT "id", "mailbox_paused_until", NULL, "troubled_since", "message_size_limit", "message_size_limit_at", "request_size_limit",
       "request_size_limit_at", "session_size_minimum", "session_size_minimum_at"
  FROM "tenants"
 WHERE coalesce("mailbox_paused_until", "troubled_since", "message_size_limit_at", "request_size_limit_at", "session_size_minimum_at") IS NOT NULL;
ALTER TABLE "tenants" DROP COLUMN "mailbox_paused_until",
DROP COLUMN "troubled_since",
DROP COLUMN "message_size_limit",
DROP COLUMN "message_size_limit_at",
DROP COLUMN "request_size_limit",
DROP COLUMN "request_size_limit_at",
DROP COLUMN "session_size_minimum",
DROP COLUMN "session_size_minimum_at";

-- One for each tenant and hour, sealed by the vault: the keys of the messages of that hour are derived from it.
CREATE TABLE "data_keys" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "key_sealed" TEXT NOT NULL,

    CONSTRAINT "data_keys_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "data_keys_tenant_id_hour_key" ON "data_keys"("tenant_id", "hour");

-- What a message says, sealed: until it is delivered, cancelled, or given up for long. No content yet: attachments are
-- still arriving. Under a key of its own, sealed beside it, where version 1.0.0 stored it.
CREATE TABLE "message_contents" (
    "message_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "data_key" TEXT,
    "key_sealed" TEXT,
    "content" BYTEA,
    "chunked" BOOLEAN NOT NULL DEFAULT false,
    "stored_bytes" BIGINT NOT NULL DEFAULT 0,
    "attachment_bytes" BIGINT NOT NULL DEFAULT 0,
    "begun_at" TIMESTAMPTZ(3) NOT NULL
);
INSERT INTO "message_contents"
SELECT "id", "tenant_id", NULL, "content_key_sealed", "content", "chunked",
       CASE WHEN "chunked" THEN "stored_bytes" ELSE octet_length("content") END, "attachment_bytes", "created_at"
  FROM "messages" WHERE "content_key_sealed" IS NOT NULL AND ("content" IS NOT NULL OR "status" = 'receiving');

-- Messages that have not ended. The row is the lock of its message: whoever changes anything about it holds this row.
CREATE TABLE "message_queue" (
    "message_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "waits_since" TIMESTAMPTZ(3) NOT NULL,
    "held_because" TEXT,
    "recipients" INTEGER NOT NULL,
    "size" TEXT NOT NULL,
    "upload_bytes" BIGINT NOT NULL,
    "on_unknown_outcome" TEXT NOT NULL,
    "save_to_sent_items" BOOLEAN NOT NULL,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "trying_ms" BIGINT NOT NULL DEFAULT 0,
    "doubt" TEXT NOT NULL DEFAULT 'none',
    "looks" INTEGER NOT NULL DEFAULT 0,
    "possible_duplicate" BOOLEAN NOT NULL DEFAULT false,
    "from_email" TEXT,
    "uploading" BOOLEAN NOT NULL DEFAULT false,
    "has_draft" BOOLEAN NOT NULL DEFAULT false,
    "attempt_id" TEXT,
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "wire_version" INTEGER
);
INSERT INTO "message_queue"
SELECT m."id", m."tenant_id", CASE m."status" WHEN 'sending' THEN 'queued' ELSE m."status" END,
       CASE WHEN m."status" = 'held' THEN NULL ELSE coalesce(m."next_attempt_at", m."created_at") END,
       greatest(m."created_at", m."send_at"), m."held_because", m."recipients",
       CASE WHEN c."stored_bytes" > 3000000 THEN 'large' WHEN c."chunked" OR c."stored_bytes" > 65536 THEN 'medium' ELSE 'small' END,
       CASE WHEN m."attachment_bytes" > 3145728 THEN m."attachment_bytes" - m."uploaded_bytes"
            WHEN coalesce(c."stored_bytes", 0) + m."attachment_bytes" / 3 >= 65536 THEN coalesce(c."stored_bytes", 0) + m."attachment_bytes" / 3
            ELSE 0 END,
       m."on_unknown_outcome", m."save_to_sent_items", m."attempt_count", m."trying_ms",
       CASE WHEN m."lookups" IS NULL THEN 'none' ELSE 'in-doubt' END, coalesce(m."lookups", 0), m."possible_duplicate", m."from_email",
       m."uploading", m."draft_id" IS NOT NULL, m."attempt_id", CASE WHEN m."status" = 'sending' THEN m."lease_owner" END,
       CASE WHEN m."status" = 'sending' THEN m."lease_until" END, CASE WHEN m."status" = 'sending' THEN m."wire_version" END
  FROM "messages" m LEFT JOIN "message_contents" c ON c."message_id" = m."id"
 WHERE m."status" IN ('scheduled', 'queued', 'sending', 'held');

-- The draft of a message that goes by draft, and how far it is filled.
CREATE TABLE "message_drafts" (
    "message_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "draft_id" TEXT NOT NULL,
    "internet_message_id" TEXT,
    "upload_attached" INTEGER NOT NULL DEFAULT 0,
    "upload_url_sealed" TEXT,
    "upload_expires_at" TIMESTAMPTZ(3),
    "upload_position" BIGINT NOT NULL DEFAULT 0,
    "uploaded_bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "message_drafts_pkey" PRIMARY KEY ("message_id")
);
INSERT INTO "message_drafts"
SELECT "id", "tenant_id", "draft_id", "internet_message_id", "upload_attached", "upload_url_sealed", "upload_expires_at", "upload_position",
       "uploaded_bytes"
  FROM "messages" WHERE "draft_id" IS NOT NULL AND "status" IN ('scheduled', 'queued', 'sending', 'held');

-- Messages that ended without being sent: the few among very many that somebody looks for.
CREATE TABLE "unsent_messages" (
    "message_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,
    "has_content" BOOLEAN NOT NULL,
    "attempt_id" TEXT
);
INSERT INTO "unsent_messages"
SELECT "id", "tenant_id", "service", "status", "created_at", coalesce("ended_at", "created_at"), "content" IS NOT NULL,
       CASE WHEN "problem" ->> 'code' = 'outcome-unknown' THEN "attempt_id" END
  FROM "messages" WHERE "status" IN ('failed', 'cancelled');

-- Chunks belong to the content.
ALTER TABLE "message_chunks" DROP CONSTRAINT "message_chunks_message_id_fkey";

-- What is left of a message's row: null as its outcome means that it has not ended.
DELETE FROM "messages" WHERE "status" = 'receiving';
DROP INDEX "messages_due_idx";
DROP INDEX "messages_leased_idx";
DROP INDEX "messages_scheduled_idx";
DROP INDEX "messages_held_idx";
DROP INDEX "messages_ended_idx";
DROP INDEX "messages_stored_idx";
DROP INDEX "messages_receiving_idx";
DROP INDEX "messages_sealed_idx";
DROP INDEX "messages_upload_sealed_idx";
ALTER TABLE "messages" RENAME COLUMN "status" TO "outcome";
ALTER TABLE "messages" ALTER COLUMN "outcome" DROP NOT NULL,
DROP COLUMN "next_attempt_at",
DROP COLUMN "held_because",
DROP COLUMN "lease_owner",
DROP COLUMN "lease_until",
DROP COLUMN "attempt_id",
DROP COLUMN "wire_version",
DROP COLUMN "attempt_count",
DROP COLUMN "trying_ms",
DROP COLUMN "lookups",
DROP COLUMN "draft_id",
DROP COLUMN "internet_message_id",
DROP COLUMN "content_key_sealed",
DROP COLUMN "content",
DROP COLUMN "chunked",
DROP COLUMN "stored_bytes",
DROP COLUMN "uploading",
DROP COLUMN "upload_attached",
DROP COLUMN "upload_url_sealed",
DROP COLUMN "upload_expires_at",
DROP COLUMN "upload_position",
DROP COLUMN "uploaded_bytes";
UPDATE "messages" SET "outcome" = NULL WHERE "id" IN (SELECT "message_id" FROM "message_queue");
ALTER TABLE "messages" SET (fillfactor = 70);

ALTER TABLE "message_contents" ADD CONSTRAINT "message_contents_pkey" PRIMARY KEY ("message_id");
CREATE INDEX "message_contents_data_key_idx" ON "message_contents"("data_key") WHERE "data_key" IS NOT NULL;
CREATE INDEX "message_contents_sealed_idx" ON "message_contents"(left("key_sealed", 92)) WHERE "key_sealed" IS NOT NULL;
CREATE INDEX "message_contents_arriving_idx" ON "message_contents"("begun_at") WHERE "content" IS NULL;
ALTER TABLE "message_queue" ADD CONSTRAINT "message_queue_pkey" PRIMARY KEY ("message_id");
CREATE INDEX "message_queue_due_idx" ON "message_queue"("tenant_id", "due_at") WHERE "state" = 'queued';
CREATE INDEX "message_queue_age_idx" ON "message_queue"("tenant_id", "waits_since") WHERE "state" = 'queued';
CREATE INDEX "message_queue_scheduled_idx" ON "message_queue"("due_at") WHERE "state" = 'scheduled';
CREATE INDEX "message_queue_held_idx" ON "message_queue"("tenant_id", "held_because") WHERE "state" = 'held';
CREATE INDEX "message_drafts_sealed_idx" ON "message_drafts"(left("upload_url_sealed", 92)) WHERE "upload_url_sealed" IS NOT NULL;
ALTER TABLE "unsent_messages" ADD CONSTRAINT "unsent_messages_pkey" PRIMARY KEY ("message_id");
CREATE INDEX "unsent_messages_tenant_id_outcome_created_at_message_id_idx" ON "unsent_messages"("tenant_id", "outcome", "created_at", "message_id");
CREATE INDEX "unsent_messages_content_idx" ON "unsent_messages"("ended_at") WHERE "has_content";

-- Sealed content does not get smaller, and up to a page it stays with its row.
ALTER TABLE "message_contents" ALTER COLUMN "content" SET STORAGE EXTERNAL;
ALTER TABLE "message_contents" SET (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- A claim writes the row in its own page.
ALTER TABLE "message_queue" SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- What the queue of a tenant comes to. Triggers keep it, whoever writes the tables.
ALTER TABLE "tenant_storage" RENAME TO "mailbox_totals";
ALTER TABLE "mailbox_totals" RENAME CONSTRAINT "tenant_storage_pkey" TO "mailbox_totals_pkey";
ALTER TABLE "mailbox_totals" ALTER COLUMN "stored_bytes" SET DEFAULT 0,
ADD COLUMN     "queued" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "queued_recipients" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "sending" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sending_large" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "sending_recipients" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "upload_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "scheduled" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "held" INTEGER NOT NULL DEFAULT 0;

UPDATE "mailbox_totals" SET "stored_bytes" = 0;
INSERT INTO "mailbox_totals" AS t ("tenant_id", "stored_bytes")
SELECT "tenant_id", sum("stored_bytes")
  FROM (SELECT "tenant_id", "stored_bytes" FROM "message_contents" UNION ALL SELECT "tenant_id", "open_bytes" FROM "messages") AS stored
 GROUP BY "tenant_id"
ON CONFLICT ("tenant_id") DO UPDATE SET "stored_bytes" = excluded."stored_bytes";
INSERT INTO "mailbox_totals" AS t ("tenant_id", "queued", "queued_recipients", "sending", "sending_large", "sending_recipients", "upload_bytes", "scheduled", "held")
SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0),
       coalesce(sum(sign * recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0),
       coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0),
       coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = 'large'), 0),
       coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0),
       coalesce(sum(sign * upload_bytes) FILTER (WHERE state = 'queued'), 0),
       coalesce(sum(sign) FILTER (WHERE state = 'scheduled'), 0),
       coalesce(sum(sign) FILTER (WHERE state = 'held'), 0)
  FROM (SELECT 1 AS sign, * FROM "message_queue") AS waiting GROUP BY tenant_id
ON CONFLICT ("tenant_id") DO UPDATE SET "queued" = excluded."queued", "queued_recipients" = excluded."queued_recipients", "sending" = excluded."sending", "sending_large" = excluded."sending_large", "sending_recipients" = excluded."sending_recipients", "upload_bytes" = excluded."upload_bytes", "scheduled" = excluded."scheduled", "held" = excluded."held";

-- Every statement changes the row of a tenant once, and in a fixed order, so that two batches never wait for each other.
CREATE FUNCTION count_inserted_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held)
    SELECT * FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = ''large''), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = ''queued''), 0) AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = ''scheduled''), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = ''held''), 0) AS held
        FROM (SELECT 1 AS sign, * FROM new_rows) AS changed GROUP BY tenant_id) AS change
     WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0)
     ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET queued = t.queued + excluded.queued,
        queued_recipients = t.queued_recipients + excluded.queued_recipients,
        sending = t.sending + excluded.sending,
        sending_large = t.sending_large + excluded.sending_large,
        sending_recipients = t.sending_recipients + excluded.sending_recipients,
        upload_bytes = t.upload_bytes + excluded.upload_bytes,
        scheduled = t.scheduled + excluded.scheduled,
        held = t.held + excluded.held\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_updated_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held)
    SELECT * FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = ''large''), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = ''queued''), 0) AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = ''scheduled''), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = ''held''), 0) AS held
        FROM (SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1 AS sign, * FROM old_rows) AS changed GROUP BY tenant_id) AS change
     WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0)
     ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET queued = t.queued + excluded.queued,
        queued_recipients = t.queued_recipients + excluded.queued_recipients,
        sending = t.sending + excluded.sending,
        sending_large = t.sending_large + excluded.sending_large,
        sending_recipients = t.sending_recipients + excluded.sending_recipients,
        upload_bytes = t.upload_bytes + excluded.upload_bytes,
        scheduled = t.scheduled + excluded.scheduled,
        held = t.held + excluded.held\x3B
    RETURN NULL\x3B
END';

-- The statements that end a message delete its draft. What is left then was stored while they waited for the row: it was
-- being filled, and is not sent any more.
CREATE FUNCTION count_deleted_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    WITH unseen AS (
      DELETE FROM message_drafts WHERE message_id = ANY (ARRAY(SELECT message_id FROM old_rows WHERE has_draft)) RETURNING tenant_id, draft_id)
    INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
    SELECT tenant_id, draft_id, ''draft'', mail_now(), mail_now() FROM unseen
    ON CONFLICT DO NOTHING\x3B
    INSERT INTO mailbox_totals AS t (tenant_id, queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held)
    SELECT * FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = ''large''), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = ''queued''), 0) AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = ''scheduled''), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = ''held''), 0) AS held
        FROM (SELECT -1 AS sign, * FROM old_rows) AS changed GROUP BY tenant_id) AS change
     WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0)
     ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET queued = t.queued + excluded.queued,
        queued_recipients = t.queued_recipients + excluded.queued_recipients,
        sending = t.sending + excluded.sending,
        sending_large = t.sending_large + excluded.sending_large,
        sending_recipients = t.sending_recipients + excluded.sending_recipients,
        upload_bytes = t.upload_bytes + excluded.upload_bytes,
        scheduled = t.scheduled + excluded.scheduled,
        held = t.held + excluded.held\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_inserted_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes)
    SELECT tenant_id, sum(sign * stored_bytes) FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows) AS changed
     GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_updated_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes)
    SELECT tenant_id, sum(sign * stored_bytes) FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows UNION ALL SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
     GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

-- Chunks go with their content. By the trigger, since it sees what the deleting statement had to wait for: a chunk that
-- was being stored.
CREATE FUNCTION count_deleted_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    DELETE FROM message_chunks WHERE message_id = ANY (ARRAY(SELECT message_id FROM old_rows WHERE chunked))\x3B
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes)
    SELECT tenant_id, sum(sign * stored_bytes) FROM (SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
     GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_inserted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes)
    SELECT tenant_id, sum(sign * open_bytes) FROM (SELECT 1 AS sign, tenant_id, open_bytes FROM new_rows) AS changed
     GROUP BY tenant_id HAVING sum(open_bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_deleted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes)
    SELECT tenant_id, sum(sign * open_bytes) FROM (SELECT -1 AS sign, tenant_id, open_bytes FROM old_rows) AS changed
     GROUP BY tenant_id HAVING sum(open_bytes) <> 0 ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes\x3B
    RETURN NULL\x3B
END';

-- A data key stays while something is stored under it. By a trigger, since it sees what the deleting statement had to wait
-- for: whoever stores under a key holds it.
CREATE FUNCTION keep_used_data_key() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF EXISTS (SELECT 1 FROM message_contents WHERE data_key = OLD.id) THEN RETURN NULL\x3B END IF\x3B
    RETURN OLD\x3B
END';

CREATE TRIGGER "data_keys_deleted" BEFORE DELETE ON "data_keys"
    FOR EACH ROW EXECUTE FUNCTION keep_used_data_key();
CREATE TRIGGER "message_queue_inserted" AFTER INSERT ON "message_queue"
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_queue_rows();
CREATE TRIGGER "message_queue_updated" AFTER UPDATE ON "message_queue"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_updated_queue_rows();
CREATE TRIGGER "message_queue_deleted" AFTER DELETE ON "message_queue"
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_queue_rows();
CREATE TRIGGER "message_contents_inserted" AFTER INSERT ON "message_contents"
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_contents();
CREATE TRIGGER "message_contents_updated" AFTER UPDATE ON "message_contents"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_updated_contents();
CREATE TRIGGER "message_contents_deleted" AFTER DELETE ON "message_contents"
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_contents();
CREATE TRIGGER "messages_inserted" AFTER INSERT ON "messages"
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_open_bytes();
CREATE TRIGGER "messages_deleted" AFTER DELETE ON "messages"
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_open_bytes();

-- How a message stands, whether it has ended or not.
CREATE VIEW "message_states" AS
SELECT m."id", m."tenant_id", m."service",
       CASE WHEN m."outcome" IS NOT NULL THEN m."outcome" WHEN q."lease_owner" IS NOT NULL THEN 'sending' ELSE q."state" END AS "status",
       coalesce(q."from_email", m."from_email") AS "from_email", m."to", m."subject", m."reference", m."created_at", m."send_at",
       m."sent_at", m."ended_at", q."due_at" AS "next_attempt_at", q."held_because",
       coalesce(q."possible_duplicate", m."possible_duplicate") AS "possible_duplicate", m."problem", m."recipients", m."attachment_bytes",
       coalesce(q."upload_bytes", 0) AS "upload_bytes", coalesce(q."size" = 'large', false) AS "is_large", coalesce(q."uploading", false) AS "uploading",
       q."attempt_count", q."trying_ms", q."doubt", q."looks", q."attempt_id", q."lease_owner", q."lease_until"
  FROM "messages" m LEFT JOIN "message_queue" q ON q."message_id" = m."id";
