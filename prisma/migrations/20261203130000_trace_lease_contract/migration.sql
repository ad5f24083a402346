-- While a process reads the trace of a tenant, that is due for no other.
ALTER TABLE message_traces DROP COLUMN lease_owner, DROP COLUMN lease_until;
