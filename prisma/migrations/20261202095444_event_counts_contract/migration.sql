-- One table for all that is counted of events, and one row a tenant for what the overview tells beside its messages.
CREATE TABLE event_counts (
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ(3) NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT event_counts_pkey PRIMARY KEY (tenant_id, kind, at)
);
CREATE INDEX event_counts_at_idx ON event_counts (at);
CREATE TABLE mail_overviews (
    tenant_id TEXT NOT NULL,
    mail TEXT,
    mail_since TIMESTAMPTZ(3),
    mail_seen_at TIMESTAMPTZ(3),
    position BIGINT NOT NULL DEFAULT 0,
    last_sent_at TIMESTAMPTZ(3),
    last_ended_at TIMESTAMPTZ(3),
    licences INTEGER,
    internal_domains TEXT[] DEFAULT ARRAY[]::TEXT[],
    CONSTRAINT mail_overviews_pkey PRIMARY KEY (tenant_id)
);
INSERT INTO mail_overviews (tenant_id, mail, mail_since, mail_seen_at, position, last_sent_at, last_ended_at, licences, internal_domains)
SELECT t.id, m.mail, m.since, m.seen_at, coalesce(p.position, 0), p.last_sent_at, p.last_ended_at, l.licences, coalesce(l.internal_domains, '{}')
  FROM tenants t
  LEFT JOIN mail_states m ON m.tenant_id = t.id
  LEFT JOIN outcome_progress p ON p.tenant_id = t.id
  LEFT JOIN sending_limits l ON l.tenant_id = t.id
 WHERE coalesce(m.tenant_id, p.tenant_id, l.tenant_id) IS NOT NULL;
INSERT INTO event_counts (tenant_id, kind, at, count)
SELECT c.tenant_id, k.kind, c.hour, k.count
  FROM outcome_counts c CROSS JOIN LATERAL (VALUES ('sent', c.sent), ('failed', c.failed), ('held', c.held), ('bounced', c.bounced)) AS k(kind, count)
 WHERE k.count > 0;
-- External recipients were counted up to another event than outcomes: they are counted anew, up to the same.
INSERT INTO event_counts (tenant_id, kind, at, count)
SELECT o.tenant_id, 'external', date_bin('1 minute', e.at, 'epoch'), count(*)
  FROM mail_overviews o
  JOIN message_events e ON e.tenant_id = o.tenant_id AND e.position <= o.position AND e.type = 'message.sent' AND e.at > mail_now() - interval '1 day 1 minute'
  JOIN messages m ON m.id = e.message_id
  LEFT JOIN tenant_settings t ON t.tenant_id = o.tenant_id
 CROSS JOIN LATERAL jsonb_array_elements(
   CASE WHEN t.redirect_all_to IS NOT NULL THEN jsonb_build_array(jsonb_build_object('address', t.redirect_all_to))
        ELSE m."to" || coalesce(m.cc, '[]') || coalesce(m.bcc, '[]') END) AS r
 WHERE NOT lower(split_part(r ->> 'address', '@', 2)) = ANY (
   CASE WHEN o.internal_domains = '{}' THEN ARRAY[coalesce(lower(split_part(m.from_email, '@', 2)), '')] ELSE o.internal_domains END)
 GROUP BY 1, 3;
DROP TABLE outcome_counts, outcome_progress, sending_limits, external_recipients, mail_states;
