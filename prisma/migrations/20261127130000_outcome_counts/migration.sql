-- What became of the mail, by the hour, for longer than the messages are kept. Nothing is written when a message ends: the
-- events that triggers record are counted behind it, each once, in the order of their positions.
CREATE TABLE "outcome_counts" (
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "sent" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "held" INTEGER NOT NULL DEFAULT 0,
    "bounced" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "outcome_counts_pkey" PRIMARY KEY ("tenant_id", "hour")
);
CREATE INDEX "outcome_counts_hour_idx" ON "outcome_counts"("hour");

-- Up to which event they are counted, when the last message was sent, and when the last one was sent or failed.
CREATE TABLE "outcome_progress" (
    "tenant_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL DEFAULT 0,
    "last_sent_at" TIMESTAMPTZ(3),
    "last_ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "outcome_progress_pkey" PRIMARY KEY ("tenant_id")
);

-- What an admin has entered, and up to which event the recipients outside of the organisation are counted by it.
CREATE TABLE "sending_limits" (
    "tenant_id" TEXT NOT NULL,
    "licences" INTEGER,
    "internal_domains" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "sending_limits_pkey" PRIMARY KEY ("tenant_id")
);

-- Those recipients, by the minute.
CREATE TABLE "external_recipients" (
    "tenant_id" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "recipients" INTEGER NOT NULL,

    CONSTRAINT "external_recipients_pkey" PRIMARY KEY ("tenant_id", "minute")
);
CREATE INDEX "external_recipients_minute_idx" ON "external_recipients"("minute");

-- Whether mail goes out, and since when: whoever sees a change writes it. The time of what was seen keeps somebody who
-- saw less from taking it back.
CREATE TABLE "mail_states" (
    "tenant_id" TEXT NOT NULL,
    "mail" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "mail_states_pkey" PRIMARY KEY ("tenant_id")
);

-- For what failed within the last 24 hours: failure_counts knows the whole hours of them.
CREATE INDEX "unsent_messages_failed_idx" ON "unsent_messages"("tenant_id", "ended_at") INCLUDE ("cause") WHERE "cause" IS NOT NULL;

-- Messages that ended before there were events are counted here, as they stand. All others are counted by their events,
-- once this version runs.
INSERT INTO "outcome_counts" ("tenant_id", "hour", "sent", "failed")
SELECT m."tenant_id", date_bin('1 hour', m."ended_at", 'epoch'), count(*) FILTER (WHERE m."outcome" = 'sent'), count(*) FILTER (WHERE m."outcome" = 'failed')
  FROM "tenants" t
 CROSS JOIN LATERAL (SELECT coalesce((SELECT to_timestamp(min(e."position") / 1000000.0) FROM "message_events" e WHERE e."tenant_id" = t."id"), 'infinity') AS at) AS events
  JOIN "messages" m ON m."tenant_id" = t."id" AND m."created_at" < events.at AND m."ended_at" < events.at
 WHERE m."outcome" IN ('sent', 'failed') AND m."ended_at" > mail_now() - interval '31 days'
 GROUP BY 1, 2;
INSERT INTO "outcome_progress" ("tenant_id", "last_sent_at", "last_ended_at")
SELECT m."tenant_id", max(m."sent_at"), max(m."ended_at")
  FROM "tenants" t
 CROSS JOIN LATERAL (SELECT coalesce((SELECT to_timestamp(min(e."position") / 1000000.0) FROM "message_events" e WHERE e."tenant_id" = t."id"), 'infinity') AS at) AS events
  JOIN "messages" m ON m."tenant_id" = t."id" AND m."created_at" < events.at AND m."ended_at" < events.at
 WHERE m."outcome" IN ('sent', 'failed')
 GROUP BY 1;
