-- A token that Graph refuses although it is fresh pauses the mailbox, and Entra is asked for another one at most once a minute.
ALTER TABLE "mailboxes" ADD COLUMN     "token_refused" JSONB;
ALTER TABLE "tenant_settings" ADD COLUMN     "refused_asked_at" TIMESTAMPTZ(3);
