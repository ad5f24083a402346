-- CreateTable
CREATE TABLE "tenants" (
    "id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "installation" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "tenant_id" TEXT NOT NULL,
    "entra_tenant_id" TEXT NOT NULL,
    "entra_client_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "entra_tenant_id" TEXT NOT NULL,
    "entra_object_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "pinned_name" TEXT,
    "first_sign_in_at" TIMESTAMPTZ(3) NOT NULL,
    "last_sign_in_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id_hash" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id_hash")
);

-- CreateTable
CREATE TABLE "pending_sign_ins" (
    "state_hash" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "browser_hash" TEXT NOT NULL,
    "secrets_sealed" TEXT NOT NULL,
    "return_to" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pending_sign_ins_pkey" PRIMARY KEY ("state_hash")
);

-- CreateTable
CREATE TABLE "tenant_settings" (
    "tenant_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'not-configured',
    "from_email" TEXT,
    "mailbox" TEXT,
    "delegate_tenant_id" TEXT,
    "delegate_object_id" TEXT,
    "delegate_name" TEXT,
    "delegate_email" TEXT,
    "connected_at" TIMESTAMPTZ(3),
    "granted_permissions" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "large_attachments" BOOLEAN NOT NULL DEFAULT false,
    "problem" JSONB,
    "refresh_token_sealed" TEXT,
    "access_token_sealed" TEXT,
    "access_token_expires_at" TIMESTAMPTZ(3),
    "grant_version" INTEGER NOT NULL DEFAULT 0,
    "refresh_lease_owner" TEXT,
    "refresh_lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "tenant_settings_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "consents" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "session_id_hash" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "from_email" TEXT NOT NULL,
    "large_attachments" BOOLEAN NOT NULL,
    "requested_permissions" TEXT[],
    "settings_version" INTEGER NOT NULL,
    "state_hash" TEXT NOT NULL,
    "secrets_sealed" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "returned_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "problem" JSONB,
    "missing_permission" TEXT,

    CONSTRAINT "consents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "messages" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "from_email" TEXT,
    "to" JSONB NOT NULL,
    "subject" TEXT NOT NULL,
    "reference" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "send_at" TIMESTAMPTZ(3),
    "next_attempt_at" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "held_because" TEXT,
    "possible_duplicate" BOOLEAN NOT NULL DEFAULT false,
    "problem" JSONB,
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "content_key_sealed" TEXT,
    "content" BYTEA,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message_attempts" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT NOT NULL,
    "code" TEXT,
    "detail" TEXT NOT NULL,

    CONSTRAINT "message_attempts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT,
    "action" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "details" JSONB NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_tenant_id_pinned_name_key" ON "users"("tenant_id", "pinned_name");

-- CreateIndex
CREATE UNIQUE INDEX "users_tenant_id_entra_tenant_id_entra_object_id_key" ON "users"("tenant_id", "entra_tenant_id", "entra_object_id");

-- CreateIndex
CREATE INDEX "sessions_last_seen_at_idx" ON "sessions"("last_seen_at");

-- CreateIndex
CREATE INDEX "pending_sign_ins_expires_at_idx" ON "pending_sign_ins"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "consents_state_hash_key" ON "consents"("state_hash");

-- CreateIndex
CREATE INDEX "consents_tenant_id_created_at_idx" ON "consents"("tenant_id", "created_at");

-- CreateIndex
CREATE INDEX "messages_tenant_id_created_at_id_idx" ON "messages"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "message_attempts_message_id_idx" ON "message_attempts"("message_id");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_at_idx" ON "audit_events"("tenant_id", "at");

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_attempts" ADD CONSTRAINT "message_attempts_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- Only what is due, or under way, has to be found quickly.
CREATE INDEX "messages_due_idx" ON "messages"("next_attempt_at") WHERE "status" = 'queued';
CREATE INDEX "messages_leased_idx" ON "messages"("lease_until") WHERE "status" = 'sending';
CREATE INDEX "messages_waiting_idx" ON "messages"("tenant_id") WHERE "status" IN ('scheduled', 'queued', 'sending', 'held');
