-- Finds messages by parts of their texts. Behind the submit, messages are put into blocks of some thousand, in the order
-- of their submission; a block knows at which of its positions each piece of three characters occurs.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.

CREATE TABLE "search_blocks" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "messages" INTEGER NOT NULL,
    "message_ids" BYTEA NOT NULL,

    CONSTRAINT "search_blocks_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "search_blocks_tenant_id_last_at_idx" ON "search_blocks"("tenant_id", "last_at");
-- One id is read without the others.
ALTER TABLE "search_blocks" ALTER COLUMN "message_ids" SET STORAGE EXTERNAL;

-- Rows are written in the order of the key, and deleted with their block.
CREATE TABLE "search_grams" (
    "block_id" BIGINT NOT NULL,
    "gram" INTEGER NOT NULL,
    "positions" BYTEA NOT NULL,

    CONSTRAINT "search_grams_pkey" PRIMARY KEY ("block_id", "gram")
);

-- How far the messages of a tenant are indexed: up to this one. Those up to the sealed one are about to be.
CREATE TABLE "search_progress" (
    "tenant_id" TEXT NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,
    "sealed_id" TEXT NOT NULL,
    "indexed_at" TIMESTAMPTZ(3) NOT NULL,
    "indexed_id" TEXT NOT NULL,

    CONSTRAINT "search_progress_pkey" PRIMARY KEY ("tenant_id")
);

-- Messages that were stored behind what was sealed: their statement waited long, or the clock was set back.
CREATE TABLE "search_late" (
    "message_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,

    CONSTRAINT "search_late_pkey" PRIMARY KEY ("message_id")
);
CREATE INDEX "search_late_tenant_id_idx" ON "search_late"("tenant_id");

ALTER TABLE "mailbox_totals" ADD COLUMN     "unindexed" INTEGER NOT NULL DEFAULT 0;
UPDATE "mailbox_totals" t SET "unindexed" = (SELECT count(*) FROM "messages" m WHERE m."tenant_id" = t."tenant_id");

CREATE INDEX "unsent_messages_tenant_id_cause_created_at_idx" ON "unsent_messages"("tenant_id", "cause", "created_at");
-- Of few messages, which people look for.
CREATE INDEX "messages_possible_duplicates_idx" ON "messages"("tenant_id", "created_at") WHERE "possible_duplicate";
CREATE INDEX "message_queue_possible_duplicates_idx" ON "message_queue"("tenant_id") WHERE "possible_duplicate";

-- The row of the tenant is locked before the progress is read, and until the commit: whoever seals holds it as well, so
-- that each message is either seen by it or known to be late. Submits have locked it before, in the same order.
CREATE OR REPLACE FUNCTION count_inserted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes, unindexed)
    SELECT tenant_id, sum(open_bytes), count(*) FROM new_rows
     GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes, unindexed = t.unindexed + excluded.unindexed\x3B
    INSERT INTO search_late (message_id, tenant_id)
    SELECT n.id, n.tenant_id FROM new_rows n JOIN search_progress p ON p.tenant_id = n.tenant_id
     WHERE (n.created_at, n.id) <= (p.sealed_at, p.sealed_id)\x3B
    RETURN NULL\x3B
END';
