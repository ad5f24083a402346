-- Each statement that ends, holds or releases messages writes their events by itself, so that no trigger has to.
DROP TRIGGER "messages_recorded_after_update" ON "messages";
DROP TRIGGER "message_queue_recorded_after_insert" ON "message_queue";
DROP TRIGGER "message_queue_recorded_after_update" ON "message_queue";
DROP FUNCTION record_ended_messages();
DROP FUNCTION record_held_messages();

-- The position after which the next event of a tenant comes. Whoever has locked the totals of the tenant asks for it: it sees
-- what was committed until then, which the statement that asks does not. \x3B is a semicolon: whoever applies this may split it
-- at each that is written out.
CREATE FUNCTION last_event_position(tenant TEXT) RETURNS BIGINT LANGUAGE plpgsql AS
E'BEGIN
    RETURN greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = tenant), floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1)\x3B
END';
