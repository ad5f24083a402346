-- Exactly one process sends for a mailbox: its owner.
CREATE TABLE "owners" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "renewals" BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT "owners_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "mailboxes" ADD COLUMN "owner" TEXT;
ALTER TABLE "mailboxes" ADD COLUMN "owned_since" TIMESTAMPTZ(3);
ALTER TABLE "mailboxes" ADD COLUMN "epoch" BIGINT NOT NULL DEFAULT 0;
