-- Messages that somebody has asked to retry or to cancel together, until each of them has had its turn.
CREATE TABLE "bulk_changes" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "begun_at" TIMESTAMPTZ(3) NOT NULL,
    "ready" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "bulk_changes_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "bulk_change_messages" (
    "change_id" BIGINT NOT NULL,
    "message_id" TEXT NOT NULL,

    CONSTRAINT "bulk_change_messages_pkey" PRIMARY KEY ("change_id", "message_id")
);
