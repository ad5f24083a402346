-- What a message answers back besides: all its recipients and files, its priority, when it expires, and the receipts that
-- it asks for. Null in cc, bcc and attachments: the release before stored the message and did not keep them.
ALTER TABLE "messages" ADD COLUMN     "cc" JSONB,
ADD COLUMN     "bcc" JSONB,
ADD COLUMN     "attachments" JSONB,
ADD COLUMN     "priority" TEXT NOT NULL DEFAULT 'normal',
ADD COLUMN     "expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "read_receipt" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "delivery_receipt" BOOLEAN NOT NULL DEFAULT false;

-- What the queue needs of it. The service is null where the release before queued the message.
ALTER TABLE "message_queue" ADD COLUMN     "priority" SMALLINT NOT NULL DEFAULT 1,
ADD COLUMN     "service" TEXT,
ADD COLUMN     "expires_at" TIMESTAMPTZ(3);
CREATE INDEX "message_queue_expires_idx" ON "message_queue"("expires_at") WHERE "expires_at" IS NOT NULL;

-- New columns come last, so that the release before can go on using the view.
CREATE OR REPLACE VIEW "message_states" AS
SELECT m."id", m."tenant_id", m."service",
       CASE WHEN m."outcome" IS NOT NULL THEN m."outcome" WHEN q."lease_owner" IS NOT NULL THEN 'sending' ELSE q."state" END AS "status",
       coalesce(q."from_email", m."from_email") AS "from_email", m."to", m."subject", m."reference", m."created_at", m."send_at",
       m."sent_at", m."ended_at", q."due_at" AS "next_attempt_at", q."held_because",
       coalesce(q."possible_duplicate", m."possible_duplicate") AS "possible_duplicate", m."problem", m."recipients", m."attachment_bytes",
       coalesce(q."upload_bytes", 0) AS "upload_bytes", coalesce(q."size" = 'large', false) AS "is_large", coalesce(q."uploading", false) AS "uploading",
       q."attempt_count", q."trying_ms", q."doubt", q."looks", q."attempt_id", q."lease_owner", q."lease_until",
       m."cc", m."bcc", m."attachments", m."priority", m."expires_at", m."read_receipt", m."delivery_receipt"
  FROM "messages" m LEFT JOIN "message_queue" q ON q."message_id" = m."id";
