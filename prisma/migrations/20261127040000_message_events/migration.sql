-- What became of each message, for those who want to be told, and how far each webhook has been told.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.

-- The position orders the events of a tenant: microseconds since 1970 when the event was written, or one more than the
-- last, whichever is later. It is given while the totals of the tenant are locked, which is until the commit, so that
-- whoever sees an event sees all before it.
CREATE TABLE "message_events" (
    "tenant_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "possible_duplicate" BOOLEAN NOT NULL DEFAULT false,
    "message_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "recipient" TEXT,
    "code" TEXT,
    "detail" TEXT,

    CONSTRAINT "message_events_pkey" PRIMARY KEY ("tenant_id", "position")
);

-- Triggers write the events, whoever ends, holds or releases a message: a process of the release before as well. Rows
-- before and after a change are sorted together instead of joined, because a plan that was made for few rows is kept.
CREATE FUNCTION record_ended_messages() RETURNS trigger LANGUAGE plpgsql AS
E'DECLARE
    tenants TEXT[]\x3B
    locked INTEGER\x3B
BEGIN
    SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM (
      SELECT tenant_id, is_new, outcome, lag(outcome) OVER (PARTITION BY id ORDER BY is_new) AS before FROM (
        SELECT id, tenant_id, true AS is_new, outcome FROM new_rows UNION ALL SELECT id, tenant_id, false, outcome FROM old_rows) AS both_rows) AS compared
     WHERE is_new AND outcome IS NOT NULL AND outcome IS DISTINCT FROM before\x3B
    IF tenants IS NULL THEN RETURN NULL\x3B END IF\x3B
    PERFORM 1 FROM mailbox_totals WHERE tenant_id = ANY (tenants) ORDER BY tenant_id FOR UPDATE\x3B
    GET DIAGNOSTICS locked = ROW_COUNT\x3B
    IF locked < cardinality(tenants) THEN
      INSERT INTO mailbox_totals AS t (tenant_id) SELECT unnest(tenants) ORDER BY 1
      ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes\x3B
    END IF\x3B
    WITH last AS MATERIALIZED (
      SELECT l.tenant_id, greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = l.tenant_id),
                                   floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1) AS position
        FROM unnest(tenants) AS l(tenant_id)
    )
    INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code, detail)
    SELECT c.tenant_id, last.position + row_number() OVER (PARTITION BY c.tenant_id), coalesce(c.ended_at, mail_now()), c.possible_duplicate, c.id,
           c.service, ''message.'' || c.outcome, CASE WHEN c.outcome = ''failed'' THEN left(c.problem ->> ''code'', 100) END,
           CASE WHEN c.outcome = ''failed'' THEN left(concat_ws('': '', c.problem ->> ''title'', c.problem ->> ''microsoftCode''), 500) END
      FROM (SELECT *, lag(outcome) OVER (PARTITION BY id ORDER BY is_new) AS before FROM (
              SELECT id, tenant_id, service, true AS is_new, outcome, ended_at, possible_duplicate, problem FROM new_rows
               UNION ALL
              SELECT id, tenant_id, service, false, outcome, NULL, false, NULL FROM old_rows) AS both_rows) AS c
      JOIN last ON last.tenant_id = c.tenant_id
     WHERE c.is_new AND c.outcome IS NOT NULL AND c.outcome IS DISTINCT FROM c.before\x3B
    RETURN NULL\x3B
END';

-- Nearly every change of the queue concerns no held message, and ends with the first statement.
CREATE FUNCTION record_held_messages() RETURNS trigger LANGUAGE plpgsql AS
E'DECLARE
    tenants TEXT[]\x3B
BEGIN
    IF TG_OP = ''INSERT'' THEN
      SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM new_rows WHERE state = ''held''\x3B
    ELSE
      SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM (
        SELECT tenant_id FROM new_rows WHERE state = ''held'' UNION ALL SELECT tenant_id FROM old_rows WHERE state = ''held'') AS concerned\x3B
    END IF\x3B
    IF tenants IS NULL THEN RETURN NULL\x3B END IF\x3B
    PERFORM 1 FROM mailbox_totals WHERE tenant_id = ANY (tenants) ORDER BY tenant_id FOR UPDATE\x3B
    IF TG_OP = ''INSERT'' THEN
      WITH last AS MATERIALIZED (
        SELECT l.tenant_id, greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = l.tenant_id),
                                     floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1) AS position
          FROM unnest(tenants) AS l(tenant_id)
      )
      INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code)
      SELECT q.tenant_id, last.position + row_number() OVER (PARTITION BY q.tenant_id), mail_now(), q.possible_duplicate, q.message_id,
             (SELECT m.service FROM messages m WHERE m.id = q.message_id), ''message.held'', left(q.held_because, 100)
        FROM new_rows q JOIN last ON last.tenant_id = q.tenant_id
       WHERE q.state = ''held''\x3B
    ELSE
      WITH last AS MATERIALIZED (
        SELECT l.tenant_id, greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = l.tenant_id),
                                     floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1) AS position
          FROM unnest(tenants) AS l(tenant_id)
      )
      INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code)
      SELECT q.tenant_id, last.position + row_number() OVER (PARTITION BY q.tenant_id), mail_now(), q.possible_duplicate, q.message_id,
             (SELECT m.service FROM messages m WHERE m.id = q.message_id), CASE WHEN q.is_held THEN ''message.held'' ELSE ''message.released'' END,
             CASE WHEN q.is_held THEN left(q.held_because, 100) END
        FROM (SELECT *, lag(is_held) OVER (PARTITION BY message_id ORDER BY is_new) AS was_held FROM (
                SELECT message_id, tenant_id, possible_duplicate, held_because, true AS is_new, state = ''held'' AS is_held FROM new_rows
                 UNION ALL
                SELECT message_id, tenant_id, possible_duplicate, held_because, false, state = ''held'' FROM old_rows) AS both_rows) AS q
        JOIN last ON last.tenant_id = q.tenant_id
       WHERE q.is_new AND q.is_held IS DISTINCT FROM q.was_held\x3B
    END IF\x3B
    RETURN NULL\x3B
END';

CREATE TRIGGER "messages_recorded_after_update" AFTER UPDATE ON "messages"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_ended_messages();
CREATE TRIGGER "message_queue_recorded_after_insert" AFTER INSERT ON "message_queue"
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_held_messages();
CREATE TRIGGER "message_queue_recorded_after_update" AFTER UPDATE ON "message_queue"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_held_messages();

-- Null types: every alert, and no event. Null services: events of every service.
ALTER TABLE "webhooks" ADD COLUMN     "types" TEXT[],
ADD COLUMN     "services" TEXT[];

-- Events on their way to a webhook, one after the other: those to come, and those of each replay.
CREATE TABLE "webhook_streams" (
    "id" TEXT NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "ends_at" BIGINT,
    "since" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "lease" TEXT,

    CONSTRAINT "webhook_streams_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "webhook_streams_webhook_id_idx" ON "webhook_streams"("webhook_id");
ALTER TABLE "webhook_streams" ADD CONSTRAINT "webhook_streams_webhook_id_fkey"
    FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- An event that did not arrive at a webhook, until it does or is given up.
CREATE TABLE "webhook_retries" (
    "webhook_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_retries_pkey" PRIMARY KEY ("webhook_id", "position")
);
ALTER TABLE "webhook_retries" ADD CONSTRAINT "webhook_retries_webhook_id_fkey"
    FOREIGN KEY ("webhook_id") REFERENCES "webhooks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
