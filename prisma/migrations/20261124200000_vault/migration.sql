-- The beginning of a sealed value tells its key: which keys are still needed is answered without looking at each message.
CREATE INDEX "messages_sealed_idx" ON "messages"(left("content_key_sealed", 92)) WHERE "content_key_sealed" IS NOT NULL;
CREATE INDEX "messages_upload_sealed_idx" ON "messages"(left("upload_url_sealed", 92)) WHERE "upload_url_sealed" IS NOT NULL;
