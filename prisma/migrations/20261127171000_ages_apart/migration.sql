-- A claim asks for what is queued of a tenant from a time on. By statistics of an empty queue, the index of ages seems as good
-- for that as the index of due times, but all that waits would be read by it, and sorted. Its condition always holds: it
-- keeps the index from every statement that does not ask for ages (docs/decisions/0028-no-plan-rests-on-statistics.md).
DROP INDEX "message_queue_age_idx";
CREATE INDEX "message_queue_age_idx" ON "message_queue"("tenant_id", "waits_since") WHERE "state" = 'queued' AND "waits_since" >= '-infinity';
