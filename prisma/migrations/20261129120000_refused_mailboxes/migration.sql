-- What one message meets alone never stops the others: a mailbox is held once two of them were refused in the same way with
-- nothing sent between. See Mailbox and QueuedMessage in the schema.
ALTER TABLE "mailboxes" ADD COLUMN     "refused" JSONB,
ADD COLUMN     "refusal_round" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "hold" JSONB,
ADD COLUMN     "probe_at" TIMESTAMPTZ(3),
ADD COLUMN     "probe_id" TEXT,
ADD COLUMN     "told" TEXT[] DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "message_queue" ADD COLUMN     "refused_alone" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "refusal_round" INTEGER,
ADD COLUMN     "route" TEXT;
