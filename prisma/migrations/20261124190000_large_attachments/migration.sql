-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "message_size_limit" BIGINT,
ADD COLUMN     "message_size_limit_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "mailbox_usage" ADD COLUMN     "upload_bytes" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "messages" ADD COLUMN     "attachment_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "chunked" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "stored_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "upload_attached" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "upload_expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "upload_position" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "upload_url_sealed" TEXT,
ADD COLUMN     "uploaded_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "uploading" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "message_chunks" (
    "message_id" TEXT NOT NULL,
    "part" INTEGER NOT NULL,
    "chunk" INTEGER NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL,
    "content" BYTEA NOT NULL,

    CONSTRAINT "message_chunks_pkey" PRIMARY KEY ("message_id","part","chunk")
);

-- CreateTable
CREATE TABLE "mailbox_cleanups" (
    "tenant_id" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "mailbox_cleanups_pkey" PRIMARY KEY ("tenant_id","item_id")
);

-- CreateIndex
CREATE INDEX "mailbox_cleanups_due_at_idx" ON "mailbox_cleanups"("due_at");

-- AddForeignKey
ALTER TABLE "message_chunks" ADD CONSTRAINT "message_chunks_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- Sealed content does not get smaller: trying to compress it only costs time.
ALTER TABLE "message_chunks" ALTER COLUMN "content" SET STORAGE EXTERNAL;

-- A row stands for 256 KiB, and a delivered file leaves 600 of them dead: their space is for the next file, soon.
ALTER TABLE "message_chunks" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
                                  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000);

-- What the bound on stored bytes adds up, without small messages. And what is still being received.
CREATE INDEX "messages_stored_idx" ON "messages"("tenant_id") INCLUDE ("stored_bytes") WHERE "stored_bytes" > 0;
CREATE INDEX "messages_receiving_idx" ON "messages"("created_at") WHERE "status" = 'receiving';
