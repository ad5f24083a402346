import type pg from 'pg'
import { deletableAtOnce, deleteContents, idsOf, storedBytesOf } from '../columns.ts'
import { positionOf } from '../records/events.ts'
import { deleteOldCounts } from '../records/event-counts.ts'
import { addToCounters, storedBytes } from '../counters.ts'

// sent, failed, cancelled ──kept long enough──▶ without content, then deleted. A message expires by its own `expiresAt`
// (expiry.ts), and is forgotten where its key is lost (forget.ts).

const BATCH = 5_000
/** Rows read at once; `deletableAtOnce` empties fewer where contents are large. */
const CONTENTS_AT_ONCE = 1_000
const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/** What waits without end, such as held messages, is walked over each time. */
const MESSAGES_EVERY_MS = HOUR_MS

/** Deletes the content of messages that were not sent. $1 ended before, $2 at most */
const DELETE_CONTENT = `
WITH ended AS MATERIALIZED (
  SELECT m.id AS message_id, ${storedBytesOf('m.id')} AS stored_bytes FROM messages m
   WHERE m.content_kept AND m.failed_at < $1
   ORDER BY m.failed_at LIMIT $2 FOR NO KEY UPDATE OF m SKIP LOCKED
), old AS MATERIALIZED (${deletableAtOnce('ended')}
), ${deleteContents('old')}, counted AS (${addToCounters([storedBytes('-', 'dropped_contents')])}
)
UPDATE messages SET content_kept = false WHERE id = ${idsOf('old')} AND (SELECT count(*) FROM counted) >= 0`

/**
 * Deletes messages with their attempts. It walks each tenant's messages in the order of submission, so that no index on
 * `ended_at` has to be maintained. It skips messages whose content another transaction kept from being deleted.
 * $1 ended before, $2 at most
 */
const DELETE_MESSAGES = `
WITH old AS MATERIALIZED (
  SELECT each.id AS message_id, t.tenant_id FROM counters t CROSS JOIN LATERAL (
    SELECT m.id FROM messages m WHERE m.tenant_id = t.tenant_id AND m.created_at < $1 AND m.ended_at < $1 AND NOT m.content_kept
     ORDER BY m.created_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS each
   LIMIT $2
), texts AS (
  DELETE FROM message_texts WHERE message_id = ${idsOf('old')}
), deleted AS (
  DELETE FROM messages WHERE id = ${idsOf('old')} RETURNING tenant_id, open_bytes
), counted AS (${addToCounters([storedBytes('-', 'deleted', 'open_bytes')])}
)
SELECT FROM deleted WHERE (SELECT count(*) FROM counted) >= 0`

/**
 * Deletes events, before the messages that they are about. Their position is the time at which they were written, which
 * is not before they happened. $1 a position, $2 at most
 */
const DELETE_EVENTS = `
DELETE FROM message_events
 WHERE ctid = ANY (ARRAY(
   SELECT old.ctid FROM counters t CROSS JOIN LATERAL (
     SELECT e.ctid FROM message_events e WHERE e.tenant_id = t.tenant_id AND e.position < $1 LIMIT $2) AS old
    LIMIT $2))`

const DELETE_KEYS = `
DELETE FROM idempotency_records
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency_records WHERE created_at < $1 ORDER BY created_at LIMIT $2))`

/**
 * Merges what each mailbox used in a minute, at the last second of it: the limit of a day, which each claim compares, reads
 * few rows. It reads what the calls before may have left. $1 started before
 */
const MERGE_USAGE = `
WITH full_minutes AS MATERIALIZED (
  SELECT t.tenant_id, minute.started_at, minute.last_at FROM counters t CROSS JOIN LATERAL (
    SELECT date_bin('1 minute', u.started_at, 'epoch') AS started_at, max(u.started_at) AS last_at FROM mailbox_usage u
     WHERE u.tenant_id = t.tenant_id AND u.started_at < $1 AND u.started_at >= $1::timestamptz - interval '15 minutes'
     GROUP BY 1 HAVING count(*) > 1) AS minute
), merged AS (
  DELETE FROM mailbox_usage u USING full_minutes m
   WHERE u.tenant_id = m.tenant_id AND u.started_at >= m.started_at AND u.started_at < m.last_at
  RETURNING u.tenant_id, m.last_at, u.messages, u.recipients, u.upload_bytes
), sums AS (
  SELECT tenant_id, last_at, sum(messages) AS messages, sum(recipients) AS recipients, sum(upload_bytes) AS upload_bytes
    FROM merged GROUP BY tenant_id, last_at
)
UPDATE mailbox_usage u
   SET messages = u.messages + s.messages, recipients = u.recipients + s.recipients, upload_bytes = u.upload_bytes + s.upload_bytes
  FROM sums s WHERE u.tenant_id = s.tenant_id AND u.started_at = s.last_at`

const DELETE_USAGE = `DELETE FROM mailbox_usage WHERE started_at < $1`

/** Deletes data keys under which nothing is stored. $1 created before */
const DELETE_DATA_KEYS = `
DELETE FROM data_keys k
 WHERE k.hour < $1 AND (SELECT c.message_id FROM message_contents c WHERE c.data_key = k.id LIMIT 1) IS NULL`

/** The beginning of a minute that no limit but that of a day looks back to. */
function wholeMinutesBefore(now: Date): Date {
  const tenMinutesAgo = now.getTime() - 10 * 60_000
  return new Date(tenMinutesAgo - (tenMinutesAgo % 60_000))
}

/** Called periodically by housekeeping. One kind that cannot be deleted does not keep the others. */
export type Retention = (now: Date) => Promise<void>

/**
 * Deletes what has been kept long enough: the content of failed messages, events, messages with their addresses and
 * subjects within an hour, idempotency records after 24 hours, the usage of mailboxes, data keys, and counts of outcomes.
 */
export function createRetention(
  pool: pg.Pool,
  { contentRetentionDays, logRetentionDays }: { contentRetentionDays: number; logRetentionDays: number },
): Retention {
  const before = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS)
  let messagesAt: Date | null = null

  async function deleteMessages(now: Date, endedBefore: Date): Promise<void> {
    const sinceMs = messagesAt === null ? MESSAGES_EVERY_MS : now.getTime() - messagesAt.getTime()
    if (sinceMs >= 0 && sinceMs < MESSAGES_EVERY_MS) return
    await untilDone(pool, DELETE_MESSAGES, BATCH, [endedBefore, BATCH])
    messagesAt = now
  }

  return async (now) => {
    const logsBefore = before(now, logRetentionDays)
    await runEach([
      // Content goes first even if its retention is longer: deleting a message would cascade to gigabytes of chunks.
      () =>
        untilNone(pool, DELETE_CONTENT, [
          before(now, Math.min(contentRetentionDays, logRetentionDays)),
          CONTENTS_AT_ONCE,
        ]),
      async () => {
        await untilDone(pool, DELETE_EVENTS, BATCH, [positionOf(logsBefore), BATCH])
        await deleteMessages(now, logsBefore)
      },
      () => untilDone(pool, DELETE_KEYS, BATCH, [before(now, 1), BATCH]),
      () => pool.query(MERGE_USAGE, [wholeMinutesBefore(now)]),
      () => pool.query(DELETE_USAGE, [before(now, 2)]),
      () => pool.query(DELETE_DATA_KEYS, [before(now, 2)]),
      () => deleteOldCounts(pool, now),
    ])
  }
}

/** Runs all steps one after the other, also where one fails, and throws then. */
async function runEach(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps) await step().catch((error: unknown) => failures.push(error))
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} steps failed.`)
  if (failures.length === 1) throw failures[0]
}

async function untilNone(pool: pg.Pool, statement: string, values: readonly unknown[]): Promise<void> {
  while (((await pool.query(statement, [...values])).rowCount ?? 0) > 0);
}

async function untilDone(pool: pg.Pool, statement: string, batch: number, values: readonly unknown[]): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(statement, [...values])
    if ((rowCount ?? 0) < batch) return
  }
}
