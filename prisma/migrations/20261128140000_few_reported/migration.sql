-- What few messages have of what is reported is found beside very many others. \x3B is a semicolon: whoever applies this may
-- split it at each that is written out.

-- Of whatever is reported but that a recipient was reached, when the message was submitted: so it is listed in that order. Where
-- the release before writes it as well, the trigger fills it in.
ALTER TABLE "recipient_outcomes" ADD COLUMN     "submitted_at" TIMESTAMPTZ(3);
UPDATE "recipient_outcomes" o SET "submitted_at" = m."created_at"
  FROM "messages" m WHERE m."id" = o."message_id" AND o."delivery" IN ('expanded', 'failed', 'quarantined', 'spam');
CREATE INDEX "recipient_outcomes_submitted_at_idx" ON "recipient_outcomes"("tenant_id", "delivery", "submitted_at", "message_id")
    WHERE "delivery" IN ('expanded', 'failed', 'quarantined', 'spam');

CREATE OR REPLACE FUNCTION note_submission_of_outcome() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    NEW.submitted_at = (SELECT m.created_at FROM messages m WHERE m.id = NEW.message_id)\x3B
    RETURN NEW\x3B
END';
CREATE TRIGGER "submission_of_outcome" BEFORE INSERT OR UPDATE OF "delivery" ON "recipient_outcomes" FOR EACH ROW
    WHEN (NEW."delivery" IN ('expanded', 'failed', 'quarantined', 'spam') AND NEW."submitted_at" IS NULL) EXECUTE FUNCTION note_submission_of_outcome();

-- Which messages of a block of the search index were not sent, or not reported of for each recipient, when it was last
-- reviewed, and which of these have been sent or can still be. Null before the first review. The release before builds blocks without, which
-- are reviewed at once.
ALTER TABLE "search_blocks" ADD COLUMN     "unreported" BYTEA,
ADD COLUMN     "unreported_sent" BYTEA,
ADD COLUMN     "review_at" TIMESTAMPTZ(3) DEFAULT '-infinity';
CREATE INDEX "search_blocks_review_at_idx" ON "search_blocks"("review_at") WHERE "review_at" IS NOT NULL;
