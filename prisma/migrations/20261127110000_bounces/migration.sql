-- The pause that follows when a report says that a limit of Microsoft is used up. The pause itself is paused_until, which
-- the release before honours too.
ALTER TABLE "mailboxes" ADD COLUMN     "quota_code" TEXT,
ADD COLUMN     "quota_code_at" TIMESTAMPTZ(3),
ADD COLUMN     "quota_pause_ms" BIGINT,
ADD COLUMN     "quota_paused_at" TIMESTAMPTZ(3),
ADD COLUMN     "quota_paused_until" TIMESTAMPTZ(3);
