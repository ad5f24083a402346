-- The trace that a message was submitted in (W3C Trace Context), or null where nothing is traced.
ALTER TABLE "message_contents" ADD COLUMN     "traceparent" TEXT;
