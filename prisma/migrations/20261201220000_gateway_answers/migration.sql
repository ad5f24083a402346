-- What something between this server and Microsoft answers in Microsoft's place pauses the mailbox, and raises an alert.
ALTER TABLE "mailboxes" ADD COLUMN     "gateway" JSONB;
