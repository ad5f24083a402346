-- Late messages are put into blocks in the order of submission as well, so that a block of them covers a short time.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.
ALTER TABLE "search_late" ADD COLUMN     "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '-infinity';
CREATE INDEX "search_late_tenant_id_created_at_idx" ON "search_late"("tenant_id", "created_at");

CREATE OR REPLACE FUNCTION count_inserted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    INSERT INTO mailbox_totals AS t (tenant_id, stored_bytes, unindexed)
    SELECT tenant_id, sum(open_bytes), count(*) FROM new_rows
     GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes + excluded.stored_bytes, unindexed = t.unindexed + excluded.unindexed\x3B
    INSERT INTO search_late (message_id, tenant_id, created_at)
    SELECT n.id, n.tenant_id, n.created_at FROM new_rows n JOIN search_progress p ON p.tenant_id = n.tenant_id
     WHERE (n.created_at, n.id) <= (p.sealed_at, p.sealed_id)\x3B
    RETURN NULL\x3B
END';
