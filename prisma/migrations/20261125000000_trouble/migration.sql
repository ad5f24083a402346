-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "troubled_since" TIMESTAMPTZ(3);
