-- The clock of the queue: whatever compares or writes a time of a message, a lease, a schedule or a limit asks this
-- function, so that all processes agree whatever their own clocks say. To the millisecond, as the columns are.
CREATE FUNCTION "mail_now"() RETURNS TIMESTAMPTZ LANGUAGE sql STABLE
AS $$ SELECT date_trunc('milliseconds', statement_timestamp()) $$;

-- AlterTable
ALTER TABLE "consents" ADD COLUMN     "requests_on_the_wire" INTEGER,
ADD COLUMN     "settles_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "message_attempts" ADD COLUMN     "count" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "first_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "attempt_id" TEXT,
ADD COLUMN     "internet_message_id" TEXT,
ADD COLUMN     "wire_version" INTEGER;

-- A history is bounded from now on.
DELETE FROM "message_attempts" a
 USING (SELECT "id", row_number() OVER (PARTITION BY "message_id" ORDER BY "id" DESC) AS "place" FROM "message_attempts") AS d
 WHERE a."id" = d."id" AND d."place" > 100;

-- What was on its way under the released version may have been sent by whoever holds its lease.
UPDATE "messages" SET "attempt_id" = "lease_owner" WHERE "status" = 'sending' AND NOT "uploading";
