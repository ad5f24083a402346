-- How many messages have failed, by hour and cause, so that nobody has to read them to know.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.
ALTER TABLE "unsent_messages" ADD COLUMN     "cause" TEXT;

CREATE TABLE "failure_counts" (
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "cause" TEXT NOT NULL,
    "messages" INTEGER NOT NULL,

    CONSTRAINT "failure_counts_pkey" PRIMARY KEY ("tenant_id", "hour", "cause")
);
CREATE INDEX "failure_counts_hour_idx" ON "failure_counts"("hour");

UPDATE "unsent_messages" u SET "cause" = left(coalesce(m."problem" ->> 'microsoftCode', m."problem" ->> 'code', 'unknown'), 100)
  FROM "messages" m WHERE m."id" = u."message_id" AND u."outcome" = 'failed';
INSERT INTO "failure_counts"
SELECT "tenant_id", date_bin('1 hour', "ended_at", 'epoch'), "cause", count(*) FROM "unsent_messages"
 WHERE "cause" IS NOT NULL GROUP BY 1, 2, 3;

-- The totals of a mailbox are locked first, as by the triggers of the queue, so that two statements never wait for each other.
CREATE FUNCTION count_inserted_failures() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM 1 FROM mailbox_totals WHERE tenant_id IN (SELECT tenant_id FROM new_rows WHERE cause IS NOT NULL) ORDER BY tenant_id FOR UPDATE\x3B
    INSERT INTO failure_counts AS c (tenant_id, hour, cause, messages)
    SELECT tenant_id, date_bin(''1 hour'', ended_at, ''epoch''), cause, count(*) FROM new_rows WHERE cause IS NOT NULL
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, hour, cause) DO UPDATE SET messages = c.messages + excluded.messages\x3B
    RETURN NULL\x3B
END';

CREATE FUNCTION count_deleted_failures() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM 1 FROM mailbox_totals WHERE tenant_id IN (SELECT tenant_id FROM old_rows WHERE cause IS NOT NULL) ORDER BY tenant_id FOR UPDATE\x3B
    WITH gone AS (
      SELECT tenant_id, date_bin(''1 hour'', ended_at, ''epoch'') AS hour, cause, count(*) AS messages FROM old_rows WHERE cause IS NOT NULL GROUP BY 1, 2, 3
    ), emptied AS (
      DELETE FROM failure_counts c USING gone g
       WHERE c.tenant_id = g.tenant_id AND c.hour = g.hour AND c.cause = g.cause AND c.messages <= g.messages
    )
    UPDATE failure_counts c SET messages = c.messages - g.messages
      FROM gone g WHERE c.tenant_id = g.tenant_id AND c.hour = g.hour AND c.cause = g.cause AND c.messages > g.messages\x3B
    RETURN NULL\x3B
END';

CREATE TRIGGER "unsent_messages_inserted" AFTER INSERT ON "unsent_messages"
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_failures();
CREATE TRIGGER "unsent_messages_deleted" AFTER DELETE ON "unsent_messages"
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_failures();
