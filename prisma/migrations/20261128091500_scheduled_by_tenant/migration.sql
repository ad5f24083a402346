-- What one mailbox has scheduled is found without that of all others. No other statement has this condition, and no other
-- index fits it: the index of what is due looks just as short to a planner whose statistics are old. What is queued is not
-- in it.
CREATE INDEX "message_queue_scheduled_tenant_idx" ON "message_queue"("tenant_id") WHERE lower("state") = 'scheduled';
