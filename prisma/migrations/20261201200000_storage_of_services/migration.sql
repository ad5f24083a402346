-- Whose it is, also while its attachments are still arriving. Null where a process of an older version stored it.
ALTER TABLE "message_contents" ADD COLUMN     "service" TEXT;

-- What the content of a service occupies. It is volatile, so that it sees what was committed while its statement waited for
-- a lock.
CREATE FUNCTION service_stored_bytes(tenant text, of_service text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(sum(c.stored_bytes), 0)::bigint FROM message_contents c
   WHERE c.tenant_id = tenant AND of_service = coalesce(c.service, (SELECT m.service FROM messages m WHERE m.id = c.message_id))
$$;
