-- The few messages of which nobody knows whether they were sent, for whoever reads the message trace.
CREATE INDEX "message_queue_in_doubt_idx" ON "message_queue"("tenant_id") WHERE "doubt" = 'in-doubt';
