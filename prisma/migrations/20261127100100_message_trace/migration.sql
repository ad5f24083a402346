-- How far the message trace of a tenant was read, and the requests that were made for it.
CREATE TABLE "message_traces" (
    "tenant_id" TEXT NOT NULL,
    "requests" TIMESTAMPTZ(3)[] DEFAULT ARRAY[]::TIMESTAMPTZ(3)[],
    "due_at" TIMESTAMPTZ(3),
    "not_before" TIMESTAMPTZ(3),
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "swept_at" TIMESTAMPTZ(3),
    "swept_down_to" TIMESTAMPTZ(3),
    "page" JSONB,
    "failing_since" TIMESTAMPTZ(3),

    CONSTRAINT "message_traces_pkey" PRIMARY KEY ("tenant_id")
);
