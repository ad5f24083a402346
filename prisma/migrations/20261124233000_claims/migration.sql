-- AlterTable
ALTER TABLE "consents" ADD COLUMN     "claims_challenge" TEXT;

-- AlterTable
ALTER TABLE "tenant_settings" ADD COLUMN     "claims_challenge" TEXT;
