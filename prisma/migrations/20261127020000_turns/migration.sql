-- Who goes first in a mailbox. A lane is what waits of one service in one priority, first due first: the key of this index
-- names mailbox, priority and service, so that a claim finds the lanes of a mailbox one by one, whatever waits in them. The
-- condition on the priority is always true: it keeps the index from statements that do not ask for lanes.
CREATE INDEX "message_queue_lane_idx"
    ON "message_queue"(("tenant_id" || '/' || "priority"::text || '/' || coalesce("service", '')) COLLATE "C", "due_at")
 WHERE "state" = 'queued' AND "priority" >= 0;

-- What a mailbox has to remember between two claims. No row: nothing was paced, and one lane at a time had messages.
CREATE TABLE "mailbox_turns" (
    "tenant_id" TEXT NOT NULL,
    "placed_at" TIMESTAMPTZ(3),
    "next_at" TIMESTAMPTZ(3),
    "normal_passed" SMALLINT NOT NULL DEFAULT 0,
    "low_passed" SMALLINT NOT NULL DEFAULT 0,
    "after_high" TEXT NOT NULL DEFAULT '',
    "after_normal" TEXT NOT NULL DEFAULT '',
    "after_low" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "mailbox_turns_pkey" PRIMARY KEY ("tenant_id")
);

-- A claim writes the row in its own page.
ALTER TABLE "mailbox_turns" SET (fillfactor = 50);
