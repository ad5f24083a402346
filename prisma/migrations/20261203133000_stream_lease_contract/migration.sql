-- What was sent counts while the stream stands where it was read from.
ALTER TABLE webhook_streams DROP COLUMN lease;
