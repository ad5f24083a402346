-- AlterTable
ALTER TABLE "tenant_settings" ADD COLUMN     "refresh_failures" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "refresh_not_before" TIMESTAMPTZ(3);
