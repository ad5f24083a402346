-- Each statement of the product that moves messages adds to the totals of their mailboxes by itself. The triggers count what
-- others change that write these tables. \x3B is a semicolon: whoever applies this may split it at each that is written out.

CREATE OR REPLACE FUNCTION count_updated_queue_rows() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF current_setting(''inforiver_mail.counted'', true) = statement_timestamp()::text THEN RETURN NULL\x3B END IF\x3B
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

CREATE OR REPLACE FUNCTION count_updated_contents() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF current_setting(''inforiver_mail.counted'', true) = statement_timestamp()::text THEN RETURN NULL\x3B END IF\x3B
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows UNION ALL SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';

CREATE OR REPLACE FUNCTION count_deleted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF current_setting(''inforiver_mail.counted'', true) = statement_timestamp()::text THEN RETURN NULL\x3B END IF\x3B
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * open_bytes) AS bytes
               FROM (SELECT -1 AS sign, tenant_id, open_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * open_bytes) <> 0 ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';
