-- Every outcome locks totals. The plan is the same for any number of tenants, but PostgreSQL takes a plan made for the very
-- tenants for cheaper, and would make one each time.
ALTER FUNCTION lock_mailbox_totals(TEXT[]) SET plan_cache_mode = force_generic_plan;
