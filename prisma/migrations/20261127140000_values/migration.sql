-- AlterTable
ALTER TABLE "message_attempts" ADD COLUMN     "facts" JSONB;
