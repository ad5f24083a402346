-- AlterTable
ALTER TABLE "tenant_settings" ADD COLUMN     "access_token_obtained_at" TIMESTAMPTZ(3);

-- Of tokens from before: an hour is what Microsoft gives at least.
UPDATE "tenant_settings" SET "access_token_obtained_at" = "access_token_expires_at" - interval '1 hour';
