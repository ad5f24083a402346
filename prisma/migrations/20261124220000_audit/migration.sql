-- DropIndex
DROP INDEX "audit_events_tenant_id_at_idx";

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_at_id_idx" ON "audit_events"("tenant_id", "at", "id");

-- CreateTable
CREATE TABLE "credential_warnings" (
    "tenant_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "days_ahead" INTEGER NOT NULL,
    "warned_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "credential_warnings_pkey" PRIMARY KEY ("tenant_id","expires_at","days_ahead")
);


-- What has been written down stays: a fault of the product, or somebody who speaks through it, cannot change it.
-- The owner of the database can take the triggers away, and everything else with them.
-- \x3B is a semicolon: whoever applies this splits it at each that is written out.
CREATE FUNCTION "refuse_change_of_audit_events"() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN RAISE EXCEPTION ''audit_events is append-only: % is refused'', TG_OP USING ERRCODE = ''insufficient_privilege''\x3B END';
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_audit_events"();
