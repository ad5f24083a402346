-- Non-delivery reports: which inboxes are read and how far, and which reports were read.

CREATE TABLE "report_inboxes" (
    "tenant_id" TEXT NOT NULL,
    "inbox" TEXT NOT NULL,
    "owner" TEXT,
    "link" TEXT,
    "read_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "report_inboxes_pkey" PRIMARY KEY ("tenant_id", "inbox")
);

CREATE TABLE "seen_reports" (
    "tenant_id" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "seen_reports_pkey" PRIMARY KEY ("tenant_id", "item_id")
);
CREATE INDEX "seen_reports_seen_at_idx" ON "seen_reports"("seen_at");
