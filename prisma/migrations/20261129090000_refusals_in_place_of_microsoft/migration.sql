-- A message that something between this server and Microsoft refused is tried again ever later, without its time for trying
-- being used up, so that the number of refusals alone says how much later.
ALTER TABLE "message_queue" ADD COLUMN     "refusals" INTEGER NOT NULL DEFAULT 0;
