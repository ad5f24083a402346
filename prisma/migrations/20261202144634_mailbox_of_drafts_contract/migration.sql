-- A draft lies in the mailbox it was made in, whichever one is connected when it is deleted. Of what 1.5 left the mailbox is not
-- known: it is taken for the one that is connected.
ALTER TABLE message_drafts ADD COLUMN mailbox TEXT NOT NULL DEFAULT '';
ALTER TABLE mailbox_cleanups ADD COLUMN mailbox TEXT NOT NULL DEFAULT '';
ALTER TABLE mailbox_cleanups DROP CONSTRAINT mailbox_cleanups_pkey, ADD CONSTRAINT mailbox_cleanups_pkey PRIMARY KEY (tenant_id, item_id, mailbox);
