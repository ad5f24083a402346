-- Only the primary key contains the id of a message, so that no plan takes another index to find a message by its id.
-- Messages of one millisecond are sorted when they are listed.
CREATE INDEX "messages_tenant_id_created_at_idx" ON "messages"("tenant_id", "created_at");
CREATE INDEX "messages_tenant_id_service_created_at_idx" ON "messages"("tenant_id", "service", "created_at");
CREATE INDEX "unsent_messages_tenant_id_outcome_created_at_idx" ON "unsent_messages"("tenant_id", "outcome", "created_at");
DROP INDEX "messages_tenant_id_created_at_id_idx";
DROP INDEX "messages_service_idx";
DROP INDEX "unsent_messages_tenant_id_outcome_created_at_message_id_idx";
