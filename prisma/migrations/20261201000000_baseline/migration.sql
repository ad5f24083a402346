-- The schema of version 1.5. A database of 1.5 has it, and only notes that this migration is applied.

CREATE TABLE alert_events (
  id text NOT NULL,
  tenant_id text NOT NULL,
  type text NOT NULL,
  at timestamptz(3) NOT NULL,
  facts jsonb NOT NULL,
  count integer DEFAULT 1 NOT NULL,
  dedupe_key text,
  publish_at timestamptz(3) NOT NULL,
  published_at timestamptz(3),
  dismissed_at timestamptz(3),
  CONSTRAINT alert_events_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_events (
  id bigserial NOT NULL,
  tenant_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  actor text,
  action text NOT NULL,
  outcome text NOT NULL,
  details jsonb NOT NULL,
  CONSTRAINT audit_events_pkey PRIMARY KEY (id)
);

CREATE TABLE bulk_change_messages (
  change_id bigint NOT NULL,
  message_id text NOT NULL,
  CONSTRAINT bulk_change_messages_pkey PRIMARY KEY (change_id, message_id)
);

CREATE TABLE bulk_changes (
  id bigserial NOT NULL,
  tenant_id text NOT NULL,
  action text NOT NULL,
  begun_at timestamptz(3) NOT NULL,
  ready boolean DEFAULT false NOT NULL,
  CONSTRAINT bulk_changes_pkey PRIMARY KEY (id)
);

CREATE TABLE consents (
  id text NOT NULL,
  tenant_id text NOT NULL,
  user_id text NOT NULL,
  session_id_hash text NOT NULL,
  purpose text NOT NULL,
  status text NOT NULL,
  from_email text NOT NULL,
  large_attachments boolean NOT NULL,
  requested_permissions text[],
  settings_version integer NOT NULL,
  state_hash text NOT NULL,
  secrets_sealed text,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  returned_at timestamptz(3),
  ended_at timestamptz(3),
  problem jsonb,
  missing_permission text,
  claims_challenge text,
  requests_on_the_wire integer,
  settles_at timestamptz(3),
  asks_bounces integer,
  asks_trace integer,
  account text,
  proof_until timestamptz(3),
  CONSTRAINT consents_pkey PRIMARY KEY (id)
);

CREATE TABLE credential_warnings (
  tenant_id text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  days_ahead integer NOT NULL,
  warned_at timestamptz(3) NOT NULL,
  CONSTRAINT credential_warnings_pkey PRIMARY KEY (tenant_id, expires_at, days_ahead)
);

CREATE TABLE data_keys (
  id text NOT NULL,
  tenant_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
  key_sealed text NOT NULL,
  CONSTRAINT data_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE external_recipients (
  tenant_id text NOT NULL,
  minute timestamptz(3) NOT NULL,
  recipients integer NOT NULL,
  CONSTRAINT external_recipients_pkey PRIMARY KEY (tenant_id, minute)
);

CREATE TABLE failure_counts (
  tenant_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
  cause text NOT NULL,
  messages integer NOT NULL,
  CONSTRAINT failure_counts_pkey PRIMARY KEY (tenant_id, hour, cause)
);

CREATE TABLE idempotency_records (
  tenant_id text NOT NULL,
  service text NOT NULL,
  key text NOT NULL,
  content_hash text NOT NULL,
  message_id text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  message_ids text[],
  CONSTRAINT idempotency_records_pkey PRIMARY KEY (tenant_id, service, key)
);

CREATE TABLE installation (
  id integer DEFAULT 1 NOT NULL,
  tenant_id text NOT NULL,
  entra_tenant_id text NOT NULL,
  entra_client_id text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  authority_host text,
  graph_base_url text,
  CONSTRAINT installation_pkey PRIMARY KEY (id)
);

CREATE TABLE mail_states (
  tenant_id text NOT NULL,
  mail text NOT NULL,
  since timestamptz(3) NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  CONSTRAINT mail_states_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE mailbox_cleanups (
  tenant_id text NOT NULL,
  item_id text NOT NULL,
  kind text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  due_at timestamptz(3) NOT NULL,
  lease_until timestamptz(3),
  CONSTRAINT mailbox_cleanups_pkey PRIMARY KEY (tenant_id, item_id)
);

CREATE TABLE mailbox_totals (
  tenant_id text NOT NULL,
  stored_bytes bigint DEFAULT 0 NOT NULL,
  queued integer DEFAULT 0 NOT NULL,
  queued_recipients bigint DEFAULT 0 NOT NULL,
  sending integer DEFAULT 0 NOT NULL,
  sending_large integer DEFAULT 0 NOT NULL,
  sending_recipients bigint DEFAULT 0 NOT NULL,
  upload_bytes bigint DEFAULT 0 NOT NULL,
  scheduled integer DEFAULT 0 NOT NULL,
  held integer DEFAULT 0 NOT NULL,
  unindexed integer DEFAULT 0 NOT NULL,
  CONSTRAINT mailbox_totals_pkey PRIMARY KEY (tenant_id) WITH (deduplicate_items=off)
) WITH (fillfactor='10');

CREATE TABLE mailbox_turns (
  tenant_id text NOT NULL,
  placed_at timestamptz(3),
  next_at timestamptz(3),
  normal_passed smallint DEFAULT 0 NOT NULL,
  low_passed smallint DEFAULT 0 NOT NULL,
  after_high text DEFAULT ''::text NOT NULL,
  after_normal text DEFAULT ''::text NOT NULL,
  after_low text DEFAULT ''::text NOT NULL,
  CONSTRAINT mailbox_turns_pkey PRIMARY KEY (tenant_id)
) WITH (fillfactor='50');

CREATE TABLE mailbox_usage (
  tenant_id text NOT NULL,
  started_at timestamptz(3) NOT NULL,
  messages integer NOT NULL,
  recipients integer NOT NULL,
  upload_bytes bigint DEFAULT 0 NOT NULL,
  CONSTRAINT mailbox_usage_pkey PRIMARY KEY (tenant_id, started_at)
);

CREATE TABLE mailboxes (
  tenant_id text NOT NULL,
  paused_until timestamptz(3),
  no_access_until timestamptz(3),
  troubled_since timestamptz(3),
  message_size_limit bigint,
  message_size_limit_at timestamptz(3),
  request_size_limit bigint,
  request_size_limit_at timestamptz(3),
  session_size_minimum bigint,
  session_size_minimum_at timestamptz(3),
  upload_origin text,
  quota_code text,
  quota_code_at timestamptz(3),
  quota_pause_ms bigint,
  quota_paused_at timestamptz(3),
  quota_paused_until timestamptz(3),
  refused jsonb,
  refusal_round integer DEFAULT 0 NOT NULL,
  hold jsonb,
  probe_at timestamptz(3),
  probe_id text,
  told text[] DEFAULT ARRAY[]::text[],
  token_refused jsonb,
  gateway jsonb,
  CONSTRAINT mailboxes_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE message_attempts (
  id bigserial NOT NULL,
  tenant_id text NOT NULL,
  message_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  outcome text NOT NULL,
  code text,
  detail text NOT NULL,
  count integer DEFAULT 1 NOT NULL,
  first_at timestamptz(3),
  facts jsonb,
  CONSTRAINT message_attempts_pkey PRIMARY KEY (id)
);

CREATE TABLE message_chunks (
  message_id text NOT NULL,
  part integer NOT NULL,
  chunk integer NOT NULL,
  tenant_id text NOT NULL,
  stored_at timestamptz(3) NOT NULL,
  content bytea NOT NULL,
  CONSTRAINT message_chunks_pkey PRIMARY KEY (message_id, part, chunk)
) WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='200', vacuum_index_cleanup='on', toast.autovacuum_vacuum_scale_factor='0', toast.autovacuum_vacuum_threshold='20000', toast.vacuum_index_cleanup='on');
ALTER TABLE message_chunks ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE message_contents (
  message_id text NOT NULL,
  tenant_id text NOT NULL,
  data_key text,
  key_sealed text,
  content bytea,
  chunked boolean DEFAULT false NOT NULL,
  stored_bytes bigint DEFAULT 0 NOT NULL,
  attachment_bytes bigint DEFAULT 0 NOT NULL,
  begun_at timestamptz(3) NOT NULL,
  traceparent text,
  service text,
  CONSTRAINT message_contents_pkey PRIMARY KEY (message_id)
) WITH (toast_tuple_target='8160', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');
ALTER TABLE message_contents ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE message_drafts (
  message_id text NOT NULL,
  tenant_id text NOT NULL,
  draft_id text NOT NULL,
  internet_message_id text,
  upload_attached integer DEFAULT 0 NOT NULL,
  upload_url_sealed text,
  upload_expires_at timestamptz(3),
  upload_position bigint DEFAULT 0 NOT NULL,
  uploaded_bytes bigint DEFAULT 0 NOT NULL,
  redirected_to text,
  CONSTRAINT message_drafts_pkey PRIMARY KEY (message_id)
);

CREATE TABLE message_events (
  tenant_id text NOT NULL,
  "position" bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  possible_duplicate boolean DEFAULT false NOT NULL,
  message_id text NOT NULL,
  service text NOT NULL,
  type text NOT NULL,
  recipient text,
  code text,
  detail text,
  CONSTRAINT message_events_pkey PRIMARY KEY (tenant_id, "position")
);

CREATE TABLE message_queue (
  message_id text NOT NULL,
  tenant_id text NOT NULL,
  state text NOT NULL,
  due_at timestamptz(3),
  waits_since timestamptz(3) NOT NULL,
  held_because text,
  recipients integer NOT NULL,
  size text NOT NULL,
  upload_bytes bigint NOT NULL,
  on_unknown_outcome text NOT NULL,
  save_to_sent_items boolean NOT NULL,
  attempt_count integer DEFAULT 0 NOT NULL,
  trying_ms bigint DEFAULT 0 NOT NULL,
  doubt text DEFAULT 'none'::text NOT NULL,
  looks integer DEFAULT 0 NOT NULL,
  possible_duplicate boolean DEFAULT false NOT NULL,
  from_email text,
  uploading boolean DEFAULT false NOT NULL,
  has_draft boolean DEFAULT false NOT NULL,
  attempt_id text,
  lease_owner text,
  lease_until timestamptz(3),
  wire_version integer,
  priority smallint DEFAULT 1 NOT NULL,
  service text,
  expires_at timestamptz(3),
  refusals integer DEFAULT 0 NOT NULL,
  refused_alone integer DEFAULT 0 NOT NULL,
  refusal_round integer,
  route text,
  CONSTRAINT message_queue_pkey PRIMARY KEY (message_id)
) WITH (fillfactor='60', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');

CREATE TABLE messages (
  id text NOT NULL,
  tenant_id text NOT NULL,
  service text NOT NULL,
  outcome text,
  from_email text,
  "to" jsonb NOT NULL,
  subject text NOT NULL,
  reference text,
  created_at timestamptz(3) NOT NULL,
  send_at timestamptz(3),
  sent_at timestamptz(3),
  possible_duplicate boolean DEFAULT false NOT NULL,
  problem jsonb,
  ended_at timestamptz(3),
  on_unknown_outcome text DEFAULT 'retry'::text NOT NULL,
  recipients integer DEFAULT 1 NOT NULL,
  save_to_sent_items boolean DEFAULT true NOT NULL,
  attachment_bytes bigint DEFAULT 0 NOT NULL,
  open_bytes integer DEFAULT 0 NOT NULL,
  cc jsonb,
  bcc jsonb,
  attachments jsonb,
  priority text DEFAULT 'normal'::text NOT NULL,
  expires_at timestamptz(3),
  read_receipt boolean DEFAULT false NOT NULL,
  delivery_receipt boolean DEFAULT false NOT NULL,
  internet_message_id text,
  CONSTRAINT messages_pkey PRIMARY KEY (id)
) WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000', fillfactor='70');

CREATE TABLE message_traces (
  tenant_id text NOT NULL,
  requests timestamptz(3)[] DEFAULT (ARRAY[]::timestamptz[])::timestamptz(3)[],
  due_at timestamptz(3),
  not_before timestamptz(3),
  lease_owner text,
  lease_until timestamptz(3),
  swept_at timestamptz(3),
  swept_down_to timestamptz(3),
  page jsonb,
  failing_since timestamptz(3),
  CONSTRAINT message_traces_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE outcome_counts (
  tenant_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
  sent integer DEFAULT 0 NOT NULL,
  failed integer DEFAULT 0 NOT NULL,
  held integer DEFAULT 0 NOT NULL,
  bounced integer DEFAULT 0 NOT NULL,
  CONSTRAINT outcome_counts_pkey PRIMARY KEY (tenant_id, hour)
);

CREATE TABLE outcome_progress (
  tenant_id text NOT NULL,
  "position" bigint DEFAULT 0 NOT NULL,
  last_sent_at timestamptz(3),
  last_ended_at timestamptz(3),
  CONSTRAINT outcome_progress_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE pending_sign_ins (
  state_hash text NOT NULL,
  tenant_id text NOT NULL,
  browser_hash text NOT NULL,
  secrets_sealed text NOT NULL,
  return_to text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  CONSTRAINT pending_sign_ins_pkey PRIMARY KEY (state_hash)
);

CREATE TABLE recipient_outcomes (
  message_id text NOT NULL,
  address text NOT NULL,
  tenant_id text NOT NULL,
  places integer NOT NULL,
  delivery text,
  code text,
  detail text,
  at timestamptz(3),
  source text,
  certain boolean DEFAULT true NOT NULL,
  note text,
  learned_at timestamptz(3) NOT NULL,
  events text[] DEFAULT ARRAY[]::text[],
  code_awaited_until timestamptz(3),
  submitted_at timestamptz(3),
  CONSTRAINT recipient_outcomes_pkey PRIMARY KEY (message_id, address)
);

CREATE TABLE report_inboxes (
  tenant_id text NOT NULL,
  inbox text NOT NULL,
  owner text,
  link text,
  read_at timestamptz(3),
  due_at timestamptz(3) NOT NULL,
  lease_owner text,
  lease_until timestamptz(3),
  CONSTRAINT report_inboxes_pkey PRIMARY KEY (tenant_id, inbox)
);

CREATE TABLE search_blocks (
  id bigserial NOT NULL,
  tenant_id text NOT NULL,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  messages integer NOT NULL,
  message_ids bytea NOT NULL,
  unreported bytea,
  unreported_sent bytea,
  review_at timestamptz(3) DEFAULT '-infinity'::timestamptz,
  CONSTRAINT search_blocks_pkey PRIMARY KEY (id)
);
ALTER TABLE search_blocks ALTER COLUMN message_ids SET STORAGE EXTERNAL;

CREATE TABLE search_grams (
  block_id bigint NOT NULL,
  gram integer NOT NULL,
  positions bytea NOT NULL,
  CONSTRAINT search_grams_pkey PRIMARY KEY (block_id, gram)
);

CREATE TABLE search_late (
  message_id text NOT NULL,
  tenant_id text NOT NULL,
  created_at timestamptz(3) DEFAULT '-infinity'::timestamptz NOT NULL,
  CONSTRAINT search_late_pkey PRIMARY KEY (message_id)
);

CREATE TABLE search_progress (
  tenant_id text NOT NULL,
  sealed_at timestamptz(3) NOT NULL,
  sealed_id text NOT NULL,
  indexed_at timestamptz(3) NOT NULL,
  indexed_id text NOT NULL,
  CONSTRAINT search_progress_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE seen_reports (
  tenant_id text NOT NULL,
  item_id text NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  CONSTRAINT seen_reports_pkey PRIMARY KEY (tenant_id, item_id)
);

CREATE TABLE sending_limits (
  tenant_id text NOT NULL,
  licences integer,
  internal_domains text[] DEFAULT ARRAY[]::text[],
  "position" bigint DEFAULT 0 NOT NULL,
  CONSTRAINT sending_limits_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE service_keys (
  id text NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  scopes text[],
  key_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  allowed_addresses text[] DEFAULT ARRAY[]::text[],
  allowed_domains text[] DEFAULT ARRAY[]::text[],
  expires_at timestamptz(3),
  CONSTRAINT service_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE sessions (
  id_hash text NOT NULL,
  tenant_id text NOT NULL,
  user_id text NOT NULL,
  role text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  id text DEFAULT ('ses_'::text || replace((gen_random_uuid())::text, '-'::text, ''::text)) NOT NULL,
  address text,
  user_agent text,
  CONSTRAINT sessions_pkey PRIMARY KEY (id_hash)
);

CREATE TABLE tenant_settings (
  tenant_id text NOT NULL,
  version integer DEFAULT 0 NOT NULL,
  status text DEFAULT 'not-configured'::text NOT NULL,
  from_email text,
  mailbox text,
  delegate_tenant_id text,
  delegate_object_id text,
  delegate_name text,
  delegate_email text,
  connected_at timestamptz(3),
  granted_permissions text[] DEFAULT ARRAY[]::text[],
  large_attachments boolean DEFAULT false NOT NULL,
  problem jsonb,
  refresh_token_sealed text,
  access_token_sealed text,
  access_token_expires_at timestamptz(3),
  grant_version integer DEFAULT 0 NOT NULL,
  refresh_lease_owner text,
  refresh_lease_until timestamptz(3),
  sent_items_search text DEFAULT 'unknown'::text NOT NULL,
  verification_id text,
  access_token_obtained_at timestamptz(3),
  claims_challenge text,
  refresh_failures integer DEFAULT 0 NOT NULL,
  refresh_not_before timestamptz(3),
  allowed_domains text[] DEFAULT ARRAY[]::text[],
  redirect_all_to text,
  bounces_enabled boolean DEFAULT false NOT NULL,
  bounces_problem jsonb,
  bounces_since timestamptz(3),
  trace_enabled boolean DEFAULT false NOT NULL,
  trace_problem jsonb,
  trace_since timestamptz(3),
  bounces_switched_off integer DEFAULT 0 NOT NULL,
  trace_switched_off integer DEFAULT 0 NOT NULL,
  refused_asked_at timestamptz(3),
  CONSTRAINT tenant_settings_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE tenants (
  id text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  CONSTRAINT tenants_pkey PRIMARY KEY (id)
);

CREATE TABLE unsent_messages (
  message_id text NOT NULL,
  tenant_id text NOT NULL,
  service text NOT NULL,
  outcome text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3) NOT NULL,
  has_content boolean NOT NULL,
  attempt_id text,
  cause text,
  code text,
  CONSTRAINT unsent_messages_pkey PRIMARY KEY (message_id)
);

CREATE TABLE users (
  id text NOT NULL,
  tenant_id text NOT NULL,
  entra_tenant_id text NOT NULL,
  entra_object_id text NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  pinned_name text,
  first_sign_in_at timestamptz(3) NOT NULL,
  last_sign_in_at timestamptz(3) NOT NULL,
  CONSTRAINT users_pkey PRIMARY KEY (id)
);

CREATE TABLE webhook_deliveries (
  webhook_id text NOT NULL,
  alert_id text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  next_attempt_at timestamptz(3),
  outcome text,
  CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (webhook_id, alert_id)
);

CREATE TABLE webhook_retries (
  webhook_id text NOT NULL,
  "position" bigint NOT NULL,
  attempts integer NOT NULL,
  next_attempt_at timestamptz(3) NOT NULL,
  CONSTRAINT webhook_retries_pkey PRIMARY KEY (webhook_id, "position")
);

CREATE TABLE webhook_streams (
  id text NOT NULL,
  webhook_id text NOT NULL,
  "position" bigint NOT NULL,
  ends_at bigint,
  since timestamptz(3),
  failures integer DEFAULT 0 NOT NULL,
  due_at timestamptz(3) NOT NULL,
  lease text,
  CONSTRAINT webhook_streams_pkey PRIMARY KEY (id)
);

CREATE TABLE webhooks (
  id text NOT NULL,
  tenant_id text NOT NULL,
  url text NOT NULL,
  secret_sealed text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  last_attempt jsonb,
  types text[],
  services text[],
  CONSTRAINT webhooks_pkey PRIMARY KEY (id)
);

CREATE FUNCTION add_to_mailbox_totals(tenant text, stored_bytes bigint DEFAULT 0, unindexed bigint DEFAULT 0, queued bigint DEFAULT 0, queued_recipients bigint DEFAULT 0, sending bigint DEFAULT 0, sending_large bigint DEFAULT 0, sending_recipients bigint DEFAULT 0, upload_bytes bigint DEFAULT 0, scheduled bigint DEFAULT 0, held bigint DEFAULT 0) RETURNS void
    LANGUAGE plpgsql
    AS $$BEGIN
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
       WHERE t.ctid = (SELECT n.ctid FROM mailbox_totals n WHERE n.tenant_id >= tenant AND n.tenant_id <= tenant ORDER BY n.tenant_id DESC LIMIT 1);
      EXIT WHEN FOUND;
      INSERT INTO mailbox_totals (tenant_id)
      SELECT tenant
       WHERE (SELECT n.tenant_id FROM mailbox_totals n WHERE n.tenant_id >= tenant AND n.tenant_id <= tenant ORDER BY n.tenant_id DESC LIMIT 1) IS NULL
      ON CONFLICT DO NOTHING;
    END LOOP;
END$$;

CREATE FUNCTION count_bounced_recipients() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows WHERE delivery = 'failed') THEN RETURN NULL; END IF;
    PERFORM lock_mailbox_totals(ARRAY(SELECT tenant_id FROM new_rows WHERE delivery = 'failed'));
    IF TG_OP = 'INSERT' THEN
      INSERT INTO outcome_counts AS c (tenant_id, hour, bounced)
      SELECT tenant_id, date_bin('1 hour', coalesce(at, mail_now()), 'epoch'), sum(places) FROM new_rows WHERE delivery = 'failed'
       GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (tenant_id, hour) DO UPDATE SET bounced = c.bounced + excluded.bounced;
    ELSE
      INSERT INTO outcome_counts AS c (tenant_id, hour, bounced)
      SELECT n.tenant_id, date_bin('1 hour', coalesce(n.at, mail_now()), 'epoch'), sum(n.places)
        FROM new_rows n JOIN old_rows o ON o.message_id = n.message_id AND o.address = n.address
       WHERE n.delivery = 'failed' AND o.delivery IS DISTINCT FROM 'failed'
       GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (tenant_id, hour) DO UPDATE SET bounced = c.bounced + excluded.bounced;
    END IF;
    RETURN NULL;
END$$;

CREATE FUNCTION count_deleted_contents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    DELETE FROM message_chunks WHERE message_id = ANY (ARRAY(SELECT message_id FROM old_rows WHERE chunked));
    IF current_setting('inforiver_mail.counted', true) = statement_timestamp()::text THEN RETURN NULL; END IF;
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change;
    RETURN NULL;
END$$;

CREATE FUNCTION count_deleted_failures() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF NOT EXISTS (SELECT 1 FROM old_rows WHERE cause IS NOT NULL) THEN RETURN NULL; END IF;
    PERFORM lock_mailbox_totals(ARRAY(SELECT tenant_id FROM old_rows WHERE cause IS NOT NULL));
    WITH gone AS (
      SELECT tenant_id, date_bin('1 hour', ended_at, 'epoch') AS hour, cause, count(*) AS messages FROM old_rows WHERE cause IS NOT NULL GROUP BY 1, 2, 3
    ), emptied AS (
      DELETE FROM failure_counts c USING gone g
       WHERE c.tenant_id = g.tenant_id AND c.hour = g.hour AND c.cause = g.cause AND c.messages <= g.messages
    )
    UPDATE failure_counts c SET messages = c.messages - g.messages
      FROM gone g WHERE c.tenant_id = g.tenant_id AND c.hour = g.hour AND c.cause = g.cause AND c.messages > g.messages;
    RETURN NULL;
END$$;

CREATE FUNCTION count_deleted_open_bytes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * open_bytes) AS bytes
               FROM (SELECT -1 AS sign, tenant_id, open_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * open_bytes) <> 0 ORDER BY tenant_id) AS change;
    RETURN NULL;
END$$;

CREATE FUNCTION count_deleted_queue_rows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    WITH unseen AS (
      DELETE FROM message_drafts WHERE message_id = ANY (ARRAY(SELECT message_id FROM old_rows WHERE has_draft)) RETURNING tenant_id, draft_id)
    INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
    SELECT tenant_id, draft_id, 'draft', mail_now(), mail_now() FROM unseen
    ON CONFLICT DO NOTHING;
    IF current_setting('inforiver_mail.counted', true) = statement_timestamp()::text THEN RETURN NULL; END IF;
    PERFORM add_to_mailbox_totals(tenant_id, queued => queued, queued_recipients => queued_recipients, sending => sending, sending_large => sending_large,
                                  sending_recipients => sending_recipients, upload_bytes => upload_bytes, scheduled => scheduled, held => held)
       FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = 'large'), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = 'queued'), 0)::bigint AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = 'scheduled'), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = 'held'), 0) AS held
        FROM (SELECT -1 AS sign, * FROM old_rows) AS changed GROUP BY tenant_id ORDER BY tenant_id) AS change
      WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END$$;

CREATE FUNCTION count_inserted_contents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF current_setting('inforiver_mail.counted', true) = statement_timestamp()::text THEN RETURN NULL; END IF;
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change;
    RETURN NULL;
END$$;

CREATE FUNCTION count_inserted_failures() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF NOT EXISTS (SELECT 1 FROM new_rows WHERE cause IS NOT NULL) THEN RETURN NULL; END IF;
    PERFORM lock_mailbox_totals(ARRAY(SELECT tenant_id FROM new_rows WHERE cause IS NOT NULL));
    INSERT INTO failure_counts AS c (tenant_id, hour, cause, messages)
    SELECT tenant_id, date_bin('1 hour', ended_at, 'epoch'), cause, count(*) FROM new_rows WHERE cause IS NOT NULL
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, hour, cause) DO UPDATE SET messages = c.messages + excluded.messages;
    RETURN NULL;
END$$;

CREATE FUNCTION count_inserted_open_bytes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF current_setting('inforiver_mail.counted', true) IS DISTINCT FROM statement_timestamp()::text THEN
      PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes, unindexed => messages)
         FROM (SELECT tenant_id, sum(open_bytes) AS bytes, count(*) AS messages FROM new_rows GROUP BY tenant_id ORDER BY tenant_id) AS change;
    END IF;
    INSERT INTO search_late (message_id, tenant_id, created_at)
    SELECT n.id, n.tenant_id, n.created_at FROM new_rows n JOIN search_progress p ON p.tenant_id = n.tenant_id
     WHERE (n.created_at, n.id) <= (p.sealed_at, p.sealed_id);
    RETURN NULL;
END$$;

CREATE FUNCTION count_inserted_queue_rows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF current_setting('inforiver_mail.counted', true) = statement_timestamp()::text THEN RETURN NULL; END IF;
    PERFORM add_to_mailbox_totals(tenant_id, queued => queued, queued_recipients => queued_recipients, sending => sending, sending_large => sending_large,
                                  sending_recipients => sending_recipients, upload_bytes => upload_bytes, scheduled => scheduled, held => held)
       FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = 'large'), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = 'queued'), 0)::bigint AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = 'scheduled'), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = 'held'), 0) AS held
        FROM (SELECT 1 AS sign, * FROM new_rows) AS changed GROUP BY tenant_id ORDER BY tenant_id) AS change
      WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END$$;

CREATE FUNCTION count_updated_contents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, stored_bytes => bytes)
       FROM (SELECT tenant_id, sum(sign * stored_bytes)::bigint AS bytes
               FROM (SELECT 1 AS sign, tenant_id, stored_bytes FROM new_rows UNION ALL SELECT -1 AS sign, tenant_id, stored_bytes FROM old_rows) AS changed
              GROUP BY tenant_id HAVING sum(sign * stored_bytes) <> 0 ORDER BY tenant_id) AS change;
    RETURN NULL;
END$$;

CREATE FUNCTION count_updated_queue_rows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    PERFORM add_to_mailbox_totals(tenant_id, queued => queued, queued_recipients => queued_recipients, sending => sending, sending_large => sending_large,
                                  sending_recipients => sending_recipients, upload_bytes => upload_bytes, scheduled => scheduled, held => held)
       FROM (
      SELECT tenant_id, coalesce(sum(sign) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued,
             coalesce(sum(sign * recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued_recipients,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending,
             coalesce(sum(sign) FILTER (WHERE lease_owner IS NOT NULL AND size = 'large'), 0) AS sending_large,
             coalesce(sum(sign * recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
             coalesce(sum(sign * upload_bytes) FILTER (WHERE state = 'queued'), 0)::bigint AS upload_bytes,
             coalesce(sum(sign) FILTER (WHERE state = 'scheduled'), 0) AS scheduled,
             coalesce(sum(sign) FILTER (WHERE state = 'held'), 0) AS held
        FROM (SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1 AS sign, * FROM old_rows) AS changed GROUP BY tenant_id ORDER BY tenant_id) AS change
      WHERE (queued, queued_recipients, sending, sending_large, sending_recipients, upload_bytes, scheduled, held) <> (0, 0, 0, 0, 0, 0, 0, 0);
    RETURN NULL;
END$$;

CREATE FUNCTION keep_used_data_key() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    IF EXISTS (SELECT 1 FROM message_contents WHERE data_key = OLD.id) THEN RETURN NULL; END IF;
    RETURN OLD;
END$$;

CREATE FUNCTION lock_mailbox_totals(tenants text[]) RETURNS integer
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$DECLARE
    locked INTEGER;
BEGIN
    PERFORM 1
       FROM (SELECT DISTINCT tenant_id FROM unnest(tenants) AS asked(tenant_id) ORDER BY tenant_id) AS asked
      CROSS JOIN LATERAL (
        SELECT FROM mailbox_totals n WHERE n.tenant_id >= asked.tenant_id AND n.tenant_id <= asked.tenant_id
         ORDER BY n.tenant_id DESC LIMIT 1 FOR UPDATE) AS newest;
    GET DIAGNOSTICS locked = ROW_COUNT;
    RETURN locked;
END$$;

CREATE FUNCTION mail_now() RETURNS timestamptz
    LANGUAGE sql STABLE
    AS $$ SELECT date_trunc('milliseconds', statement_timestamp()) $$;

CREATE FUNCTION note_submission_of_outcome() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    NEW.submitted_at = (SELECT m.created_at FROM messages m WHERE m.id = NEW.message_id);
    RETURN NEW;
END$$;

CREATE FUNCTION record_ended_messages() RETURNS trigger
    LANGUAGE plpgsql
    AS $$DECLARE
    tenants TEXT[];
BEGIN
    SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM (
      SELECT tenant_id, is_new, outcome, lag(outcome) OVER (PARTITION BY id ORDER BY is_new) AS before FROM (
        SELECT id, tenant_id, true AS is_new, outcome FROM new_rows UNION ALL SELECT id, tenant_id, false, outcome FROM old_rows) AS both_rows) AS compared
     WHERE is_new AND outcome IS NOT NULL AND outcome IS DISTINCT FROM before;
    IF tenants IS NULL THEN RETURN NULL; END IF;
    IF lock_mailbox_totals(tenants) < cardinality(tenants) THEN
      INSERT INTO mailbox_totals AS t (tenant_id) SELECT unnest(tenants) ORDER BY 1
      ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes;
    END IF;
    WITH last AS MATERIALIZED (
      SELECT l.tenant_id, greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = l.tenant_id),
                                   floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1) AS position
        FROM unnest(tenants) AS l(tenant_id)
    )
    INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code, detail)
    SELECT c.tenant_id, last.position + row_number() OVER (PARTITION BY c.tenant_id), coalesce(c.ended_at, mail_now()), c.possible_duplicate, c.id,
           c.service, 'message.' || c.outcome, CASE WHEN c.outcome = 'failed' THEN left(c.problem ->> 'code', 100) END,
           CASE WHEN c.outcome = 'failed' THEN left(concat_ws(': ', c.problem ->> 'title', c.problem ->> 'microsoftCode'), 500) END
      FROM (SELECT *, lag(outcome) OVER (PARTITION BY id ORDER BY is_new) AS before FROM (
              SELECT id, tenant_id, service, true AS is_new, outcome, ended_at, possible_duplicate, problem FROM new_rows
               UNION ALL
              SELECT id, tenant_id, service, false, outcome, NULL, false, NULL FROM old_rows) AS both_rows) AS c
      JOIN last ON last.tenant_id = c.tenant_id
     WHERE c.is_new AND c.outcome IS NOT NULL AND c.outcome IS DISTINCT FROM c.before;
    RETURN NULL;
END$$;

CREATE FUNCTION record_held_messages() RETURNS trigger
    LANGUAGE plpgsql
    AS $$DECLARE
    tenants TEXT[];
BEGIN
    IF TG_OP = 'INSERT' THEN
      SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM new_rows WHERE state = 'held';
    ELSE
      SELECT array_agg(DISTINCT tenant_id) INTO tenants FROM (
        SELECT tenant_id FROM new_rows WHERE state = 'held' UNION ALL SELECT tenant_id FROM old_rows WHERE state = 'held') AS concerned;
    END IF;
    IF tenants IS NULL THEN RETURN NULL; END IF;
    PERFORM lock_mailbox_totals(tenants);
    IF TG_OP = 'INSERT' THEN
      WITH last AS MATERIALIZED (
        SELECT l.tenant_id, greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = l.tenant_id),
                                     floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1) AS position
          FROM unnest(tenants) AS l(tenant_id)
      )
      INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code)
      SELECT q.tenant_id, last.position + row_number() OVER (PARTITION BY q.tenant_id), mail_now(), q.possible_duplicate, q.message_id,
             (SELECT m.service FROM messages m WHERE m.id = q.message_id), 'message.held', left(q.held_because, 100)
        FROM new_rows q JOIN last ON last.tenant_id = q.tenant_id
       WHERE q.state = 'held';
    ELSE
      WITH last AS MATERIALIZED (
        SELECT l.tenant_id, greatest((SELECT max(e.position) FROM message_events e WHERE e.tenant_id = l.tenant_id),
                                     floor(extract(epoch FROM mail_now()) * 1000000)::bigint - 1) AS position
          FROM unnest(tenants) AS l(tenant_id)
      )
      INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code)
      SELECT q.tenant_id, last.position + row_number() OVER (PARTITION BY q.tenant_id), mail_now(), q.possible_duplicate, q.message_id,
             (SELECT m.service FROM messages m WHERE m.id = q.message_id), CASE WHEN q.is_held THEN 'message.held' ELSE 'message.released' END,
             CASE WHEN q.is_held THEN left(q.held_because, 100) END
        FROM (SELECT *, lag(is_held) OVER (PARTITION BY message_id ORDER BY is_new) AS was_held FROM (
                SELECT message_id, tenant_id, possible_duplicate, held_because, true AS is_new, state = 'held' AS is_held FROM new_rows
                 UNION ALL
                SELECT message_id, tenant_id, possible_duplicate, held_because, false, state = 'held' FROM old_rows) AS both_rows) AS q
        JOIN last ON last.tenant_id = q.tenant_id
       WHERE q.is_new AND q.is_held IS DISTINCT FROM q.was_held;
    END IF;
    RETURN NULL;
END$$;

CREATE FUNCTION refuse_change_of_audit_events() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RAISE EXCEPTION 'audit_events is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege'; END$$;

CREATE FUNCTION service_stored_bytes(tenant text, of_service text) RETURNS bigint
    LANGUAGE sql
    AS $$
  SELECT coalesce(sum(c.stored_bytes), 0)::bigint FROM message_contents c
   WHERE c.tenant_id = tenant AND of_service = coalesce(c.service, (SELECT m.service FROM messages m WHERE m.id = c.message_id))
$$;

CREATE FUNCTION switch_reports_off() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN
    NEW.bounces_enabled := false;
    NEW.bounces_since := NULL;
    NEW.bounces_problem := NULL;
    NEW.bounces_switched_off := OLD.bounces_switched_off + 1;
    NEW.trace_enabled := false;
    NEW.trace_since := NULL;
    NEW.trace_problem := NULL;
    NEW.trace_switched_off := OLD.trace_switched_off + 1;
    RETURN NEW;
END$$;
SET default_tablespace = '';
SET default_table_access_method = heap;

CREATE VIEW message_states AS
 SELECT m.id,
    m.tenant_id,
    m.service,
        CASE
            WHEN (m.outcome IS NOT NULL) THEN m.outcome
            WHEN (q.lease_owner IS NOT NULL) THEN 'sending'::text
            ELSE q.state
        END AS status,
    COALESCE(q.from_email, m.from_email) AS from_email,
    m."to",
    m.subject,
    m.reference,
    m.created_at,
    m.send_at,
    m.sent_at,
    m.ended_at,
    q.due_at AS next_attempt_at,
    q.held_because,
    COALESCE(q.possible_duplicate, m.possible_duplicate) AS possible_duplicate,
    m.problem,
    m.recipients,
    m.attachment_bytes,
    COALESCE(q.upload_bytes, (0)::bigint) AS upload_bytes,
    COALESCE((q.size = 'large'::text), false) AS is_large,
    COALESCE(q.uploading, false) AS uploading,
    q.attempt_count,
    q.trying_ms,
    q.doubt,
    q.looks,
    q.attempt_id,
    q.lease_owner,
    q.lease_until,
    m.cc,
    m.bcc,
    m.attachments,
    m.priority,
    m.expires_at,
    m.read_receipt,
    m.delivery_receipt
   FROM (messages m
     LEFT JOIN message_queue q ON ((q.message_id = m.id)));

CREATE INDEX alert_events_at_idx ON alert_events USING btree (at);
CREATE INDEX alert_events_notices_idx ON alert_events USING btree (tenant_id, at) WHERE (dismissed_at IS NULL);
CREATE UNIQUE INDEX alert_events_tenant_id_dedupe_key_key ON alert_events USING btree (tenant_id, dedupe_key);
CREATE INDEX alert_events_unpublished_idx ON alert_events USING btree (publish_at) WHERE (published_at IS NULL);
CREATE INDEX audit_events_tenant_id_at_id_idx ON audit_events USING btree (tenant_id, at, id);
CREATE UNIQUE INDEX consents_state_hash_key ON consents USING btree (state_hash);
CREATE INDEX consents_tenant_id_created_at_idx ON consents USING btree (tenant_id, created_at);
CREATE UNIQUE INDEX data_keys_tenant_id_hour_key ON data_keys USING btree (tenant_id, hour);
CREATE INDEX external_recipients_minute_idx ON external_recipients USING btree (minute);
CREATE INDEX failure_counts_hour_idx ON failure_counts USING btree (hour);
CREATE INDEX idempotency_records_created_at_idx ON idempotency_records USING btree (created_at);
CREATE INDEX mailbox_cleanups_due_at_idx ON mailbox_cleanups USING btree (due_at);
CREATE INDEX message_attempts_message_id_idx ON message_attempts USING btree (message_id);
CREATE INDEX message_contents_arriving_idx ON message_contents USING btree (begun_at) WHERE (content IS NULL);
CREATE INDEX message_contents_data_key_idx ON message_contents USING btree (data_key) WHERE (data_key IS NOT NULL);
CREATE INDEX message_contents_sealed_idx ON message_contents USING btree ("left"(key_sealed, 92)) WHERE (key_sealed IS NOT NULL);
CREATE INDEX message_drafts_sealed_idx ON message_drafts USING btree ("left"(upload_url_sealed, 92)) WHERE (upload_url_sealed IS NOT NULL);
CREATE INDEX message_queue_age_idx ON message_queue USING btree (tenant_id, waits_since) WHERE ((state = 'queued'::text) AND (waits_since >= '-infinity'::timestamptz));
CREATE INDEX message_queue_due_idx ON message_queue USING btree (tenant_id, due_at) WHERE (state = 'queued'::text);
CREATE INDEX message_queue_expires_idx ON message_queue USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX message_queue_held_idx ON message_queue USING btree (tenant_id, held_because) WHERE (state = 'held'::text);
CREATE INDEX message_queue_in_doubt_idx ON message_queue USING btree (tenant_id) WHERE (doubt = 'in-doubt'::text);
CREATE INDEX message_queue_lane_idx ON message_queue USING btree ((((((tenant_id || '/'::text) || (priority)::text) || '/'::text) || COALESCE(service, ''::text))) COLLATE "C", due_at) WHERE ((state = 'queued'::text) AND (priority >= 0));
CREATE INDEX message_queue_possible_duplicates_idx ON message_queue USING btree (tenant_id) WHERE possible_duplicate;
CREATE INDEX message_queue_scheduled_idx ON message_queue USING btree (due_at) WHERE (state = 'scheduled'::text);
CREATE INDEX message_queue_scheduled_tenant_idx ON message_queue USING btree (tenant_id) WHERE (lower(state) = 'scheduled'::text);
CREATE INDEX messages_possible_duplicates_idx ON messages USING btree (tenant_id, created_at) WHERE possible_duplicate;
CREATE INDEX messages_tenant_id_created_at_idx ON messages USING btree (tenant_id, created_at);
CREATE INDEX messages_tenant_id_internet_message_id_idx ON messages USING btree (tenant_id, internet_message_id) WHERE (internet_message_id IS NOT NULL);
CREATE INDEX messages_tenant_id_service_created_at_idx ON messages USING btree (tenant_id, service, created_at);
CREATE INDEX outcome_counts_hour_idx ON outcome_counts USING btree (hour);
CREATE INDEX pending_sign_ins_expires_at_idx ON pending_sign_ins USING btree (expires_at);
CREATE INDEX recipient_outcomes_code_awaited_until_idx ON recipient_outcomes USING btree (code_awaited_until) WHERE (code_awaited_until IS NOT NULL);
CREATE INDEX recipient_outcomes_submitted_at_idx ON recipient_outcomes USING btree (tenant_id, delivery, submitted_at, message_id) WHERE (delivery = ANY (ARRAY['expanded'::text, 'failed'::text, 'quarantined'::text, 'spam'::text]));
CREATE INDEX recipient_outcomes_tenant_id_code_idx ON recipient_outcomes USING btree (tenant_id, code) WHERE (code IS NOT NULL);
CREATE INDEX recipient_outcomes_tenant_id_delivery_at_idx ON recipient_outcomes USING btree (tenant_id, delivery, at);
CREATE INDEX search_blocks_review_at_idx ON search_blocks USING btree (review_at) WHERE (review_at IS NOT NULL);
CREATE INDEX search_blocks_tenant_id_last_at_idx ON search_blocks USING btree (tenant_id, last_at);
CREATE INDEX search_late_tenant_id_created_at_idx ON search_late USING btree (tenant_id, created_at);
CREATE INDEX search_late_tenant_id_idx ON search_late USING btree (tenant_id);
CREATE INDEX seen_reports_seen_at_idx ON seen_reports USING btree (seen_at);
CREATE UNIQUE INDEX service_keys_key_hash_key ON service_keys USING btree (key_hash);
CREATE INDEX service_keys_tenant_id_created_at_idx ON service_keys USING btree (tenant_id, created_at);
CREATE INDEX sessions_id_idx ON sessions USING btree (id);
CREATE INDEX sessions_last_seen_at_idx ON sessions USING btree (last_seen_at);
CREATE INDEX unsent_messages_content_idx ON unsent_messages USING btree (ended_at) WHERE has_content;
CREATE INDEX unsent_messages_tenant_id_cause_created_at_idx ON unsent_messages USING btree (tenant_id, cause, created_at);
CREATE INDEX unsent_messages_tenant_id_outcome_created_at_idx ON unsent_messages USING btree (tenant_id, outcome, created_at);
-- After its siblings, as in 1.5: of indexes that cost the same, the planner takes the one that was created first.
CREATE INDEX unsent_messages_failed_idx ON unsent_messages USING btree (tenant_id, ended_at) INCLUDE (cause) WHERE (cause IS NOT NULL);
CREATE UNIQUE INDEX users_tenant_id_entra_tenant_id_entra_object_id_key ON users USING btree (tenant_id, entra_tenant_id, entra_object_id);
CREATE UNIQUE INDEX users_tenant_id_pinned_name_key ON users USING btree (tenant_id, pinned_name);
CREATE INDEX webhook_deliveries_alert_id_idx ON webhook_deliveries USING btree (alert_id);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries USING btree (next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
CREATE INDEX webhook_streams_webhook_id_idx ON webhook_streams USING btree (webhook_id);
CREATE INDEX webhooks_tenant_id_created_at_idx ON webhooks USING btree (tenant_id, created_at);

CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_events();
CREATE TRIGGER data_keys_deleted BEFORE DELETE ON data_keys FOR EACH ROW EXECUTE FUNCTION keep_used_data_key();
CREATE TRIGGER message_contents_deleted AFTER DELETE ON message_contents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_contents();
CREATE TRIGGER message_contents_inserted AFTER INSERT ON message_contents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_contents();
CREATE TRIGGER message_contents_updated AFTER UPDATE ON message_contents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_updated_contents();
CREATE TRIGGER message_queue_deleted AFTER DELETE ON message_queue REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_queue_rows();
CREATE TRIGGER message_queue_inserted AFTER INSERT ON message_queue REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_queue_rows();
CREATE TRIGGER message_queue_recorded_after_insert AFTER INSERT ON message_queue REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_held_messages();
CREATE TRIGGER message_queue_recorded_after_update AFTER UPDATE ON message_queue REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_held_messages();
CREATE TRIGGER message_queue_updated AFTER UPDATE ON message_queue REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_updated_queue_rows();
CREATE TRIGGER messages_deleted AFTER DELETE ON messages REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_open_bytes();
CREATE TRIGGER messages_inserted AFTER INSERT ON messages REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_open_bytes();
CREATE TRIGGER messages_recorded_after_update AFTER UPDATE ON messages REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_ended_messages();
CREATE TRIGGER recipient_outcomes_counted_after_insert AFTER INSERT ON recipient_outcomes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_bounced_recipients();
CREATE TRIGGER recipient_outcomes_counted_after_update AFTER UPDATE ON recipient_outcomes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_bounced_recipients();
CREATE TRIGGER submission_of_outcome BEFORE INSERT OR UPDATE OF delivery ON recipient_outcomes FOR EACH ROW WHEN (((new.delivery = ANY (ARRAY['expanded'::text, 'failed'::text, 'quarantined'::text, 'spam'::text])) AND (new.submitted_at IS NULL))) EXECUTE FUNCTION note_submission_of_outcome();
CREATE TRIGGER tenant_settings_reports_end BEFORE UPDATE OF status ON tenant_settings FOR EACH ROW WHEN (((new.status = 'not-configured'::text) AND (new.bounces_enabled OR new.trace_enabled))) EXECUTE FUNCTION switch_reports_off();
CREATE TRIGGER unsent_messages_deleted AFTER DELETE ON unsent_messages REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_failures();
CREATE TRIGGER unsent_messages_inserted AFTER INSERT ON unsent_messages REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_failures();

ALTER TABLE message_attempts ADD CONSTRAINT message_attempts_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE recipient_outcomes ADD CONSTRAINT recipient_outcomes_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE sessions ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alert_events(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhook_retries ADD CONSTRAINT webhook_retries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webhook_streams ADD CONSTRAINT webhook_streams_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON UPDATE CASCADE ON DELETE CASCADE;
