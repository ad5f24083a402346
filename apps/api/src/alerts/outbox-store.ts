import { AlertType } from '@inforiver-mail/contract/notice'
import type { WebhookAttempt } from '@inforiver-mail/contract/webhook'
import type pg from 'pg'
import { causesIn, retriedCausesIn, retriedIn, sumCauses } from '../database/failed-alert.sql.ts'
import type { Alert } from '../domain/alert.ts'
import type { EventFilter } from '../queue/records/events.ts'
import { readAlertType, readWebhookTypes, storedAlertType } from '../domain/stored-values.ts'
import { eventTypesOf, type WebhookTarget } from './webhook-sender.ts'

// Alerts wait in `alert_events`, and events in the feed, from which each webhook has a stream: from a position on for ever, or
// as a replay. `webhook_deliveries` has one alert or event for one webhook each: every alert, and the events that did not
// arrive at once, so that none holds up its stream. What is due, and whose claim has ended, is decided by the clock of the
// database, which all processes share.

const PUBLISH_BATCH = 100

export interface RaisedAlert {
  readonly id: string
  readonly at: Date
  readonly alert: Alert
  /** The type that a newer version stored, if this one does not know it: the alert has the nearest known one. */
  readonly newer?: string | null
  /** The number of messages it is about. */
  readonly count: number
}

/** One attempt to deliver an alert, or an event that did not arrive before, to a webhook. */
export interface ClaimedDelivery {
  readonly id: string
  readonly webhook: WebhookTarget
  /** An alert, or the position of an event. */
  readonly what: RaisedAlert | number
  /** Includes this one. */
  readonly attempts: number
}

/** Events on their way to a webhook. */
export interface EventStream {
  readonly id: string
  readonly webhook: WebhookTarget
  /** Everything up to here was tried. */
  readonly position: number
  readonly filter: EventFilter
  /** How often in a row all requests failed. */
  readonly failures: number
}

/** What came of the events that a stream sent. */
export interface StreamSettlement {
  /** The last event that was tried. */
  readonly position: number
  readonly failures: number
  /** The time until more is sent. */
  readonly waitMs: number
  readonly attempt: WebhookAttempt | null
  readonly retries: readonly { readonly position: number; readonly waitMs: number }[]
}

/** What has no outcome by then was interrupted, and is repeated. */
const LEASE = `interval '60 seconds'`
/** The webhook gets no further event while so many are tried again. */
const MOST_RETRIES = 1_000

/** What is sent to, in the shape of a `WebhookTarget`. */
const TARGET = `json_build_object('id', w.id, 'tenantId', w.tenant_id, 'url', w.url, 'secretSealed', w.secret_sealed) AS webhook`

/**
 * Creates a delivery of each due alert to every webhook that is older and takes its type. The time of an alert may be that
 * of a process, whose clock may differ: what was written by the clock of the database is compared. $1 limit of alerts
 */
const PUBLISH = `
WITH due AS MATERIALIZED (
  SELECT id, tenant_id, CASE type WHEN 'message.failed' THEN at ELSE publish_at END AS raised_at,
         CASE type WHEN 'message.failed' THEN 'messages.failed' ELSE type END AS type FROM alert_events
   WHERE published_at IS NULL AND publish_at <= mail_now()
   ORDER BY publish_at LIMIT $1 FOR UPDATE SKIP LOCKED
), made AS (
  INSERT INTO webhook_deliveries (webhook_id, alert_id, next_attempt_at)
  SELECT w.id, due.id, mail_now() FROM due JOIN webhooks w ON w.tenant_id = due.tenant_id AND w.created_at <= due.raised_at
   WHERE w.types IS NULL OR due.type = ANY (w.types)
)
UPDATE alert_events a SET published_at = mail_now() FROM due WHERE a.id = due.id`

/**
 * Claims one delivery for each webhook that has any due: alerts come first. Those of a type that only a newer version knows
 * are left to its processes. $1 webhooks to leave out, $2 the known types
 */
const CLAIM = `
WITH waiting AS MATERIALIZED (
  SELECT id FROM webhooks w
   WHERE w.id <> ALL ($1::text[]) AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.next_attempt_at <= mail_now())
), due AS MATERIALIZED (
  SELECT d.* FROM waiting CROSS JOIN LATERAL (
    SELECT o.id, o.webhook_id, o.alert_id FROM webhook_deliveries o
     WHERE o.webhook_id = waiting.id AND o.next_attempt_at <= mail_now()
       AND (o.alert_id IS NULL OR (SELECT a.type = ANY ($2::text[]) FROM alert_events a WHERE a.id = o.alert_id))
     ORDER BY o.position NULLS FIRST, o.next_attempt_at, o.id LIMIT 1 FOR UPDATE SKIP LOCKED) AS d
)
UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = mail_now() + ${LEASE}
  FROM due JOIN webhooks w ON w.id = due.webhook_id LEFT JOIN alert_events a ON a.id = due.alert_id
 WHERE d.id = due.id
RETURNING d.id AS delivery, d.attempts, d.position::float8, ${TARGET}, a.id, a.type, a.at, a.facts, a.count`

/**
 * Writes the outcome of the attempt that was claimed last: an attempt that outlived its claim has been repeated.
 * $1 delivery, $2 attempts, $3 in how many ms to try again, null to end, $4 the attempt, null where there is nothing to send
 */
const SETTLE = `
WITH ended AS (
  DELETE FROM webhook_deliveries WHERE id = $1 AND attempts = $2 AND $3::float8 IS NULL
  RETURNING webhook_id
), again AS (
  UPDATE webhook_deliveries SET next_attempt_at = mail_now() + $3::float8 * interval '1 millisecond'
   WHERE id = $1 AND attempts = $2 AND $3::float8 IS NOT NULL
  RETURNING webhook_id
)
UPDATE webhooks SET last_attempt = coalesce($4::jsonb, last_attempt)
 WHERE id IN (SELECT webhook_id FROM ended UNION ALL SELECT webhook_id FROM again)`

/** $1 streams to leave out */
const LIST_STREAMS = `
SELECT s.id, s.position::float8, s.ends_at::float8 AS "endsAt", s.since, s.failures, ${TARGET}, w.types, w.services
  FROM webhook_streams s JOIN webhooks w ON w.id = s.webhook_id
 WHERE s.due_at <= mail_now() AND s.id <> ALL ($1::text[])
   AND (SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = s.webhook_id AND d.position IS NOT NULL LIMIT ${MOST_RETRIES}) AS tried) < ${MOST_RETRIES}`

/** Takes a stream that still stands where the events were read from. $1 stream, $2 position */
const CLAIM_STREAM = `
UPDATE webhook_streams SET due_at = mail_now() + ${LEASE} WHERE id = $1 AND position = $2 AND due_at <= mail_now()`

/** Moves a stream on past events that it leaves out. $1 stream, $2 position, $3 new position */
const MOVE_STREAM = `
UPDATE webhook_streams SET position = $3 WHERE id = $1 AND position = $2 AND due_at <= mail_now()`

/** $1 stream, $2 position */
const END_STREAM = `DELETE FROM webhook_streams WHERE id = $1 AND position = $2 AND due_at <= mail_now()`

/**
 * Writes the outcome while the stream stands where the events were read from: after a minute another process may have sent
 * the same again. $1 stream, $2 position, $3 new position, $4 failures, $5 ms until more is sent, $6 the last attempt, or
 * null, $7 positions to try again, $8 in how many ms each
 */
const SETTLE_STREAM = `
WITH settled AS (
  UPDATE webhook_streams SET position = $3, failures = $4, due_at = mail_now() + $5::float8 * interval '1 millisecond'
   WHERE id = $1 AND position = $2
  RETURNING webhook_id
), again AS (
  INSERT INTO webhook_deliveries (webhook_id, position, attempts, next_attempt_at)
  SELECT s.webhook_id, f.position, 1, mail_now() + f.wait_ms * interval '1 millisecond'
    FROM settled s CROSS JOIN unnest($7::bigint[], $8::float8[]) AS f(position, wait_ms)
  ON CONFLICT (webhook_id, position) DO NOTHING
)
UPDATE webhooks SET last_attempt = coalesce($6::jsonb, last_attempt) WHERE id IN (SELECT webhook_id FROM settled)`

/**
 * A newer notice stands for all older ones of its subject. That of failed messages counts those of all alerts about them that
 * were not retried. $1 tenant
 */
const LIST_NOTICES = `
WITH open AS MATERIALIZED (
  SELECT id, type, at, facts, count, split_part(type, '.', 1) AS subject FROM alert_events WHERE tenant_id = $1 AND dismissed_at IS NULL
     AND NOT (type = 'quota.exceeded' AND (facts ->> 'until')::timestamptz <= mail_now()) -- that pause is over
), failed AS (
  SELECT sum(count - ${retriedIn('facts')})::int AS count,
         jsonb_build_object('since', min(coalesce((facts ->> 'since')::timestamptz, date_bin('1 minute', at, 'epoch'))),
                            'causes', (${sumCauses(`SELECT c.* FROM open o CROSS JOIN LATERAL (${causesIn('o.facts')} UNION ALL SELECT code, -messages FROM (${retriedCausesIn('o.facts')}) AS r) AS c WHERE o.type = 'message.failed'`)})) AS facts
    FROM open WHERE type = 'message.failed' AND count > ${retriedIn('facts')}
)
SELECT DISTINCT ON (subject) id, type, at,
       CASE WHEN type = 'message.failed' THEN (SELECT facts FROM failed) ELSE facts END AS facts,
       CASE WHEN type = 'message.failed' THEN (SELECT count FROM failed) ELSE count END AS count
  FROM open WHERE type <> 'message.failed' OR (SELECT count FROM failed) > 0 ORDER BY subject, at DESC, id DESC`

export type OutboxStore = ReturnType<typeof createOutboxStore>

export function createOutboxStore(pool: pg.Pool) {
  return {
    /** Creates a delivery to each webhook for every alert that is due; returns how many alerts. */
    async publish(): Promise<number> {
      const { rowCount } = await pool.query(PUBLISH, [PUBLISH_BATCH])
      return rowCount ?? 0
    },

    /** Claims due deliveries for a minute, at most one for each webhook and none for those in `except`. */
    async claim(except: readonly string[]): Promise<ClaimedDelivery[]> {
      const known = AlertType.options.map(storedAlertType)
      const { rows } = await pool.query<DeliveryRow>(CLAIM, [except, known])
      return rows.map(({ delivery, webhook, position, attempts, ...alert }) => ({
        id: delivery,
        webhook,
        what: position ?? toRaisedAlert(alert),
        attempts,
      }))
    },

    /**
     * Writes the outcome of a claimed attempt, null where there was nothing to send. `againInMs` is null when it is delivered or
     * given up.
     */
    async settle(
      { id, attempts }: ClaimedDelivery,
      attempt: WebhookAttempt | null,
      againInMs: number | null,
    ): Promise<void> {
      await pool.query(SETTLE, [id, attempts, againInMs, attempt && JSON.stringify(attempt)])
    },

    /** Returns streams that may send something, in any order. */
    async listStreams(except: readonly string[]): Promise<EventStream[]> {
      const { rows } = await pool.query<StreamRow>(LIST_STREAMS, [except])
      return rows.map(toStream)
    },

    /** Takes a stream for a minute. Returns false if another process sends its events, or has. */
    async claimStream({ id, position }: EventStream): Promise<boolean> {
      const { rowCount } = await pool.query(CLAIM_STREAM, [id, position])
      return rowCount === 1
    },

    /** Changes nothing where another process has sent the same meanwhile. */
    async settleStream(
      stream: EventStream,
      { position, failures, waitMs, attempt, retries }: StreamSettlement,
    ): Promise<void> {
      await pool.query(SETTLE_STREAM, [
        stream.id,
        stream.position,
        position,
        failures,
        waitMs,
        attempt && JSON.stringify(attempt),
        retries.map((retry) => retry.position),
        retries.map((retry) => retry.waitMs),
      ])
    },

    /** Moves a stream on past events that it leaves out. */
    async moveStream({ id, position }: EventStream, to: number): Promise<void> {
      await pool.query(MOVE_STREAM, [id, position, to])
    },

    /** Ends a replay. */
    async endStream({ id, position }: EventStream): Promise<void> {
      await pool.query(END_STREAM, [id, position])
    },

    /** Returns the newest alert of each subject that nobody has dismissed, in any order. */
    async listNotices(tenantId: string): Promise<RaisedAlert[]> {
      const { rows } = await pool.query<AlertRow>(LIST_NOTICES, [tenantId])
      return rows.map(toRaisedAlert)
    },
  }
}

interface AlertRow {
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly facts: object
  readonly count: number
}

/** The columns of the alert are null where there is a position. */
interface DeliveryRow extends AlertRow {
  readonly delivery: string
  readonly webhook: WebhookTarget
  readonly attempts: number
  readonly position: number | null
}

interface StreamRow extends Omit<EventStream, 'filter'> {
  readonly endsAt: number | null
  readonly since: Date | null
  readonly types: string[] | null
  readonly services: string[] | null
}

function toRaisedAlert({ id, type: stored, at, facts, count }: AlertRow): RaisedAlert {
  const { type, newer } = readAlertType(stored)
  return { id, at, alert: { type, facts } as Alert, newer, count }
}

function toStream({ types, services, since, endsAt, ...stream }: StreamRow): EventStream {
  return { ...stream, filter: { types: eventTypesOf(readWebhookTypes(types)), services, since, endsAt } }
}
