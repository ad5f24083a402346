-- What became of a message for each of its recipients, after Microsoft had accepted it.

-- A row exists only where something is known of a recipient, so that a mail without reports costs nothing.
CREATE TABLE "recipient_outcomes" (
    "message_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "places" INTEGER NOT NULL,
    "delivery" TEXT,
    "code" TEXT,
    "detail" TEXT,
    "at" TIMESTAMPTZ(3),
    "source" TEXT,
    "certain" BOOLEAN NOT NULL DEFAULT true,
    "note" TEXT,
    "learned_at" TIMESTAMPTZ(3) NOT NULL,
    "events" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "code_awaited_until" TIMESTAMPTZ(3),

    CONSTRAINT "recipient_outcomes_pkey" PRIMARY KEY ("message_id", "address")
);
-- The release before deletes messages without knowing of this table.
ALTER TABLE "recipient_outcomes" ADD CONSTRAINT "recipient_outcomes_message_id_fkey"
    FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;
CREATE INDEX "recipient_outcomes_tenant_id_delivery_at_idx" ON "recipient_outcomes"("tenant_id", "delivery", "at");
CREATE INDEX "recipient_outcomes_tenant_id_code_idx" ON "recipient_outcomes"("tenant_id", "code") WHERE "code" IS NOT NULL;
CREATE INDEX "recipient_outcomes_code_awaited_until_idx" ON "recipient_outcomes"("code_awaited_until") WHERE "code_awaited_until" IS NOT NULL;

-- The Message-ID of a message that went by draft or as MIME. Null where it was sent as JSON in one request: then it was
-- made of the id of the message, which finds it.
ALTER TABLE "messages" ADD COLUMN     "internet_message_id" TEXT;
CREATE INDEX "messages_tenant_id_internet_message_id_idx" ON "messages"("tenant_id", "internet_message_id")
    WHERE "internet_message_id" IS NOT NULL;

-- Which reports are switched on, since when, and what is wrong with them.
ALTER TABLE "tenant_settings" ADD COLUMN     "bounces_enabled" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "bounces_problem" JSONB,
ADD COLUMN     "bounces_since" TIMESTAMPTZ(3),
ADD COLUMN     "trace_enabled" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "trace_problem" JSONB,
ADD COLUMN     "trace_since" TIMESTAMPTZ(3);
