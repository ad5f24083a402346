-- Who is signed in where. The release before writes none of these columns: the database names the sessions that it starts.
ALTER TABLE "sessions" ADD COLUMN     "id" TEXT NOT NULL DEFAULT 'ses_' || replace(gen_random_uuid()::text, '-', ''),
ADD COLUMN     "address" TEXT,
ADD COLUMN     "user_agent" TEXT;
CREATE INDEX "sessions_id_idx" ON "sessions"("id");

-- Who answered a consent at Microsoft.
ALTER TABLE "consents" ADD COLUMN     "account" TEXT;
