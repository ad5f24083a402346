-- A reset switches delivery reports off. The release before resets without knowing of them, and the next mailbox would be
-- read unasked.
-- \x3B is a semicolon: whoever applies this may split it at each that is written out.
CREATE FUNCTION switch_reports_off() RETURNS trigger LANGUAGE plpgsql AS
E'BEGIN
    NEW.bounces_enabled := false\x3B
    NEW.bounces_since := NULL\x3B
    NEW.bounces_problem := NULL\x3B
    NEW.bounces_switched_off := OLD.bounces_switched_off + 1\x3B
    NEW.trace_enabled := false\x3B
    NEW.trace_since := NULL\x3B
    NEW.trace_problem := NULL\x3B
    NEW.trace_switched_off := OLD.trace_switched_off + 1\x3B
    RETURN NEW\x3B
END';

CREATE TRIGGER "tenant_settings_reports_end" BEFORE UPDATE OF "status" ON "tenant_settings"
    FOR EACH ROW WHEN (NEW."status" = 'not-configured' AND (NEW."bounces_enabled" OR NEW."trace_enabled"))
    EXECUTE FUNCTION switch_reports_off();
