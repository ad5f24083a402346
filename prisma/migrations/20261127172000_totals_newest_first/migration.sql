-- The totals of a mailbox are found newest first, so that an old snapshot, which a backup holds for example, slows them
-- little. \x3B is a semicolon: whoever applies this may split it at each that is written out.

-- Rows that come to a page leave room there for their next versions, which then need no entry in the index: each new entry
-- is compared with all that there are of its key.
ALTER TABLE "mailbox_totals" SET (fillfactor = 10);

-- A walk backwards returns the entries of one posting list, which deduplication makes of those of a key, oldest first.
ALTER INDEX "mailbox_totals_pkey" SET (deduplicate_items = off);

-- Adds to the totals of a mailbox. A look-up by the key visits every version of the row that an old snapshot keeps, the
-- oldest first. A walk backwards through the index meets the newest first.
--
-- Another transaction may replace the row between the look-up and the update, which then waits for it and locks the
-- version that came of it. By the minor release of PostgreSQL, it is updated at once, or in the next round.
CREATE FUNCTION add_to_mailbox_totals(
    tenant TEXT, stored_bytes BIGINT DEFAULT 0, unindexed BIGINT DEFAULT 0, queued BIGINT DEFAULT 0, queued_recipients BIGINT DEFAULT 0,
    sending BIGINT DEFAULT 0, sending_large BIGINT DEFAULT 0, sending_recipients BIGINT DEFAULT 0, upload_bytes BIGINT DEFAULT 0,
    scheduled BIGINT DEFAULT 0, held BIGINT DEFAULT 0
) RETURNS VOID LANGUAGE plpgsql AS
E'BEGIN
    LOOP
      UPDATE mailbox_totals t
         SET stored_bytes = t.stored_bytes + add_to_mailbox_totals.stored_bytes,
             unindexed = t.unindexed + add_to_mailbox_totals.unindexed,
             queued = t.queued + add_to_mailbox_totals.queued,
             queued_recipients = t.queued_recipients + add_to_mailbox_totals.queued_recipients,
             sending = t.sending + add_to_mailbox_totals.sending,
             sending_large = t.sending_large + add_to_mailbox_totals.sending_large,
             sending_recipients = t.sending_recipients + add_to_mailbox_totals.sending_recipients,
             upload_bytes = t.upload_bytes + add_to_mailbox_totals.upload_bytes,
             scheduled = t.scheduled + add_to_mailbox_totals.scheduled,
             held = t.held + add_to_mailbox_totals.held
       WHERE t.ctid = (SELECT n.ctid FROM mailbox_totals n WHERE n.tenant_id >= tenant AND n.tenant_id <= tenant ORDER BY n.tenant_id DESC LIMIT 1)\x3B
      EXIT WHEN FOUND\x3B
      INSERT INTO mailbox_totals (tenant_id)
      SELECT tenant
       WHERE (SELECT n.tenant_id FROM mailbox_totals n WHERE n.tenant_id >= tenant AND n.tenant_id <= tenant ORDER BY n.tenant_id DESC LIMIT 1) IS NULL
      ON CONFLICT DO NOTHING\x3B
    END LOOP\x3B
END';

-- Locks the totals of tenants until the commit, in one order, and returns how many there are.
CREATE FUNCTION lock_mailbox_totals(tenants TEXT[]) RETURNS INTEGER LANGUAGE plpgsql AS
E'DECLARE
    locked INTEGER\x3B
BEGIN
    PERFORM 1
       FROM (SELECT DISTINCT tenant_id FROM unnest(tenants) AS asked(tenant_id) ORDER BY tenant_id) AS asked
      CROSS JOIN LATERAL (
        SELECT FROM mailbox_totals n WHERE n.tenant_id >= asked.tenant_id AND n.tenant_id <= asked.tenant_id
         ORDER BY n.tenant_id DESC LIMIT 1 FOR UPDATE) AS newest\x3B
    GET DIAGNOSTICS locked = ROW_COUNT\x3B
    RETURN locked\x3B
END';

-- The triggers do what they did, by these two functions.

CREATE OR REPLACE FUNCTION count_inserted_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, queued => queued, queued_recipients => queued_recipients, sending => sending, sending_large => sending_large,
                                  sending_recipients => sending_recipients, upload_bytes => upload_bytes, scheduled => scheduled, held => held)
       FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = ''large''), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = ''queued''), 0)::bigint AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = ''scheduled''), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = ''held''), 0) AS held
        FROM (SELECT 1 AS sign, * FROM new_rows) AS changed GROUP BY tenant_id ORDER BY tenant_id) AS change
      WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0)\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_updated_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, queued => queued, queued_recipients => queued_recipients, sending => sending, sending_large => sending_large,
                                  sending_recipients => sending_recipients, upload_bytes => upload_bytes, scheduled => scheduled, held => held)
       FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = ''large''), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = ''queued''), 0)::bigint AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = ''scheduled''), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = ''held''), 0) AS held
        FROM (SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1 AS sign, * FROM old_rows) AS changed GROUP BY tenant_id ORDER BY tenant_id) AS change
      WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0)\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_deleted_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    WITH unseen AS (
      DELETE FROM message_drafts WHERE message_id = ANY (ARRAY(SELECT message_id FROM old_rows WHERE has_draft)) RETURNING tenant_id, draft_id)
    INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
    SELECT tenant_id, draft_id, ''draft'', mail_now(), mail_now() FROM unseen
    ON CONFLICT DO NOTHING\x3B
    PERFORM add_to_mailbox_totals(tenant_id, queued => queued, queued_recipients => queued_recipients, sending => sending, sending_large => sending_large,
                                  sending_recipients => sending_recipients, upload_bytes => upload_bytes, scheduled => scheduled, held => held)
       FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = ''queued'' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = ''large''), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = ''queued''), 0)::bigint AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = ''scheduled''), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = ''held''), 0) AS held
        FROM (SELECT -1 AS sign, * FROM old_rows) AS changed GROUP BY tenant_id ORDER BY tenant_id) AS change
      WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0)\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_inserted_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_updated_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows UNION ALL SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_deleted_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    DELETE FROM message_chunks WHERE message_id = ANY (ARRAY(SELECT message_id FROM old_rows WHERE chunked))\x3B
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_inserted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes, unindexed => messages)
       FROM (SELECT tenant_id, sum(open_bytes) AS bytes, count(*) AS messages FROM new_rows GROUP BY tenant_id ORDER BY tenant_id) AS change\x3B
    INSERT INTO search_late (message_id, tenant_id, created_at)
    SELECT n.id, n.tenant_id, n.created_at FROM new_rows n JOIN search_progress p ON p.tenant_id = n.tenant_id
     WHERE (n.created_at, n.id) <= (p.sealed_at, p.sealed_id)\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_deleted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * open_bytes) AS bytes
               FROM (SELECT -1 AS sign, tenant_id, open_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * open_bytes) <> 0 ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION record_ended_messages() RETURNS trigger LANGUAGE plpgsql AS
E'DECLARE
    tenants TEXT[]\x3B
BEGIN
    SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM (
      SELECT tenant_id, is_new, outcome, lag(outcome) OVER (PARTITION BY id ORDER BY is_new) AS before FROM (
        SELECT id, tenant_id, true AS is_new, outcome FROM new_rows UNION ALL SELECT id, tenant_id, false, outcome FROM old_rows) AS both_rows) AS compared
     WHERE is_new AND outcome IS NOT NULL AND outcome IS DISTINCT FROM before\x3B
    IF tenants IS NULL THEN RETURN NULL\x3B END IF\x3B
    IF lock_mailbox_totals(tenants) < cardinality(tenants) THEN
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

CREATE OR REPLACE FUNCTION record_held_messages() RETURNS trigger LANGUAGE plpgsql AS
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
    PERFORM lock_mailbox_totals(tenants)\x3B
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

CREATE OR REPLACE FUNCTION count_inserted_failures() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows WHERE cause IS NOT NULL) THEN RETURN NULL\x3B END IF\x3B
    PERFORM lock_mailbox_totals(ARRAY(SELECT tenant_id FROM new_rows WHERE cause IS NOT NULL))\x3B
    INSERT INTO failure_counts AS c (tenant_id, hour, cause, messages)
    SELECT tenant_id, date_bin(''1 hour'', ended_at, ''epoch''), cause, count(*) FROM new_rows WHERE cause IS NOT NULL
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, hour, cause) DO UPDATE SET messages = c.messages + excluded.messages\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_deleted_failures() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF NOT EXISTS (SELECT 1 FROM old_rows WHERE cause IS NOT NULL) THEN RETURN NULL\x3B END IF\x3B
    PERFORM lock_mailbox_totals(ARRAY(SELECT tenant_id FROM old_rows WHERE cause IS NOT NULL))\x3B
    WITH gone AS (
      SELECT tenant_id, date_bin(''1 hour'', ended_at, ''epoch'') AS hour, cause, count(*) AS messages FROM old_rows WHERE cause IS NOT NULL GROUP BY 1, 2, 3
    ), emptied AS (
      DELETE FROM failure_counts c USING gone g
       WHERE c.tenant_id = g.tenant_id AND c.hour = g.hour AND c.cause = g.cause AND c.messages <= g.messages
    )
    UPDATE failure_counts c SET messages = c.messages - g.messages
      FROM gone g WHERE c.tenant_id = g.tenant_id AND c.hour = g.hour AND c.cause = g.cause AND c.messages > g.messages\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_bounced_recipients() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows WHERE delivery = ''failed'') THEN RETURN NULL\x3B END IF\x3B
    PERFORM lock_mailbox_totals(ARRAY(SELECT tenant_id FROM new_rows WHERE delivery = ''failed''))\x3B
    IF TG_OP = ''INSERT'' THEN
      INSERT INTO outcome_counts AS c (tenant_id, hour, bounced)
      SELECT tenant_id, date_bin(''1 hour'', coalesce(at, mail_now()), ''epoch''), sum(places) FROM new_rows WHERE delivery = ''failed''
       GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (tenant_id, hour) DO UPDATE SET bounced = c.bounced + excluded.bounced\x3B
    ELSE
      INSERT INTO outcome_counts AS c (tenant_id, hour, bounced)
      SELECT n.tenant_id, date_bin(''1 hour'', coalesce(n.at, mail_now()), ''epoch''), sum(n.places)
        FROM new_rows n JOIN old_rows o ON o.message_id = n.message_id AND o.address = n.address
       WHERE n.delivery = ''failed'' AND o.delivery IS DISTINCT FROM ''failed''
       GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (tenant_id, hour) DO UPDATE SET bounced = c.bounced + excluded.bounced\x3B
    END IF\x3B
    RETURN NULL\x3B
END';
