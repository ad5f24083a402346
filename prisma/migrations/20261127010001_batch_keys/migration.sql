-- A key of a batch stands for all of its messages, in order; null: for one message.
ALTER TABLE "idempotency_records" ADD COLUMN     "message_ids" TEXT[];
