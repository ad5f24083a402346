-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "mailbox_paused_until" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "tenant_settings" ADD COLUMN     "sent_items_search" TEXT NOT NULL DEFAULT 'unknown',
ADD COLUMN     "verification_id" TEXT;

-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "attempt_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "draft_id" TEXT,
ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "lookups" INTEGER,
ADD COLUMN     "on_unknown_outcome" TEXT NOT NULL DEFAULT 'retry',
ADD COLUMN     "recipients" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "save_to_sent_items" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "trying_ms" BIGINT NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "mailbox_usage" (
    "tenant_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "messages" INTEGER NOT NULL,
    "recipients" INTEGER NOT NULL,

    CONSTRAINT "mailbox_usage_pkey" PRIMARY KEY ("tenant_id","started_at")
);

-- CreateTable
CREATE TABLE "idempotency_records" (
    "tenant_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("tenant_id","service","key")
);

-- CreateTable
CREATE TABLE "service_keys" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "key_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "service_keys_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "idempotency_records_created_at_idx" ON "idempotency_records"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "service_keys_key_hash_key" ON "service_keys"("key_hash");

-- CreateIndex
CREATE INDEX "service_keys_tenant_id_created_at_idx" ON "service_keys"("tenant_id", "created_at");


-- Only what is due, under way or waiting has to be found quickly, each tenant by itself.
DROP INDEX "messages_due_idx";
DROP INDEX "messages_leased_idx";
DROP INDEX "messages_waiting_idx";
CREATE INDEX "messages_due_idx" ON "messages"("tenant_id", "next_attempt_at") WHERE "status" = 'queued';
CREATE INDEX "messages_leased_idx" ON "messages"("tenant_id", "lease_until") WHERE "status" = 'sending';
CREATE INDEX "messages_scheduled_idx" ON "messages"("next_attempt_at") WHERE "status" = 'scheduled';
CREATE INDEX "messages_held_idx" ON "messages"("tenant_id") WHERE "status" = 'held';
CREATE INDEX "messages_ended_idx" ON "messages"("ended_at") WHERE "ended_at" IS NOT NULL;
CREATE INDEX "messages_service_idx" ON "messages"("tenant_id", "service", "created_at", "id");

-- Rows that change several times within seconds leave dead versions behind: they are swept early.
ALTER TABLE "messages" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, fillfactor = 80);
