-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "request_size_limit" BIGINT,
ADD COLUMN     "request_size_limit_at" TIMESTAMPTZ(3),
ADD COLUMN     "session_size_minimum" BIGINT,
ADD COLUMN     "session_size_minimum_at" TIMESTAMPTZ(3);
