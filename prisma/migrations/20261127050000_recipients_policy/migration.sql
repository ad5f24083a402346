-- AlterTable
ALTER TABLE "tenant_settings" ADD COLUMN     "allowed_domains" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "redirect_all_to" TEXT;

-- AlterTable
ALTER TABLE "message_drafts" ADD COLUMN     "redirected_to" TEXT;

-- AlterTable
ALTER TABLE "service_keys" ADD COLUMN     "allowed_addresses" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "allowed_domains" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "expires_at" TIMESTAMPTZ(3);
