-- Where Microsoft had the last large attachment uploaded to, for the set-up check.
ALTER TABLE "mailboxes" ADD COLUMN     "upload_origin" TEXT;
