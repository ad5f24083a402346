-- Failed messages are filtered by the code of their problem without the messages being read. What failed before has none, and
-- is compared with its message.
ALTER TABLE "unsent_messages" ADD COLUMN     "code" TEXT;
