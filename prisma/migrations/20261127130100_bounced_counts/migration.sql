-- How many recipients were not reached, by the hour. Bounces are rare beside messages, so that a trigger counts them where
-- they are written, whatever tells of them. A recipient counts when it becomes one that was not reached.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.
-- The totals of the mailbox are locked first, as by the triggers that write events, so that two statements never wait for
-- each other.
CREATE FUNCTION count_bounced_recipients() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows WHERE delivery = ''failed'') THEN RETURN NULL\x3B END IF\x3B
    PERFORM 1 FROM mailbox_totals WHERE tenant_id IN (SELECT tenant_id FROM new_rows WHERE delivery = ''failed'') ORDER BY tenant_id FOR UPDATE\x3B
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

CREATE TRIGGER "recipient_outcomes_counted_after_insert" AFTER INSERT ON "recipient_outcomes"
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_bounced_recipients();
CREATE TRIGGER "recipient_outcomes_counted_after_update" AFTER UPDATE ON "recipient_outcomes"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_bounced_recipients();
