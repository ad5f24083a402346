-- One table of deliveries has the alerts on their way to a webhook, and the events that did not arrive at once. What is
-- delivered or given up is deleted from it, as events were before.
DELETE FROM "webhook_deliveries" WHERE "next_attempt_at" IS NULL;
DROP INDEX "webhook_deliveries_due_idx";
ALTER TABLE "webhook_deliveries" DROP CONSTRAINT "webhook_deliveries_pkey",
                                 DROP COLUMN "outcome",
                                 ALTER COLUMN "alert_id" DROP NOT NULL,
                                 ALTER COLUMN "next_attempt_at" SET NOT NULL,
                                 ADD COLUMN "position" BIGINT,
                                 ADD COLUMN "id" BIGSERIAL,
                                 ADD CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id");
CREATE UNIQUE INDEX "webhook_deliveries_webhook_id_position_key" ON "webhook_deliveries"("webhook_id", "position");
INSERT INTO "webhook_deliveries" ("webhook_id", "position", "attempts", "next_attempt_at")
SELECT "webhook_id", "position", "attempts", "next_attempt_at" FROM "webhook_retries";
DROP TABLE "webhook_retries";

-- Times that the clock of the database decides, whoever writes the row.
ALTER TABLE "webhooks" ALTER COLUMN "created_at" SET DEFAULT mail_now();
ALTER TABLE "webhook_streams" ALTER COLUMN "due_at" SET DEFAULT mail_now();
ALTER TABLE "alert_events" ALTER COLUMN "publish_at" SET DEFAULT mail_now();
