-- What a search compares. Messages that were there before have no text yet: it is written in the background. The index of the
-- texts needs an extension that an administrator may refuse, so it is made outside of the migrations.

CREATE TABLE message_texts (
  message_id text NOT NULL,
  tenant_id text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  searched text,
  CONSTRAINT message_texts_pkey PRIMARY KEY (message_id)
);

INSERT INTO message_texts (message_id, tenant_id, created_at) SELECT id, tenant_id, created_at FROM messages;

CREATE INDEX message_texts_tenant_id_created_at_message_id_idx ON message_texts USING btree (tenant_id, created_at, message_id);
CREATE INDEX message_texts_missing_idx ON message_texts USING btree (tenant_id, created_at) WHERE (searched IS NULL);
