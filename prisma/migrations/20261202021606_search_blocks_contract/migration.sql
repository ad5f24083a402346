-- \x3B is a semicolon: whoever applies this may split it at each that is written out.

CREATE OR REPLACE FUNCTION count_inserted_open_bytes() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    IF current_setting(''inforiver_mail.counted'', true) = statement_timestamp()::text THEN RETURN NULL\x3B END IF\x3B
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(open_bytes) AS bytes FROM new_rows GROUP BY tenant_id ORDER BY tenant_id) AS change\x3B
    RETURN NULL\x3B
END';

DROP TABLE search_grams;
DROP TABLE search_blocks;
DROP TABLE search_late;
DROP TABLE search_progress;
