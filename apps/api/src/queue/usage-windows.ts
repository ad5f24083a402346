/**
 * Usage is counted in buckets of this length, named by their start. The limits of a minute and of five minutes
 * therefore look back one bucket further, so that a bucket counts until its last moment is old enough. Longer buckets
 * would free several messages at once, and a mailbox at its limit could not send evenly. When they are old, the buckets
 * of a minute are merged (changes/retention.ts).
 */
const BUCKET_SECONDS = 1

/**
 * How far a limit of a mailbox looks back. What is as old as the window no longer counts. What lies ahead counts, as after
 * the clock of the database was set back, until it is brought back (doubt/clock-set-back.ts).
 */
export interface UsageWindow {
  readonly ms: number
  /** The same as an SQL interval. */
  readonly interval: string
}

/** How far the limit of messages a minute looks back. */
export const RATE_WINDOW = windowOf(60 + BUCKET_SECONDS)
/** How far the limit of uploaded bytes looks back. */
export const UPLOAD_WINDOW = windowOf(5 * 60 + BUCKET_SECONDS)
/** How far the limit of recipients a day looks back. */
export const DAY_WINDOW: UsageWindow = { ms: 24 * 60 * 60_000, interval: `interval '1 day'` }

/** SQL for the bucket of a moment, which is SQL as well. */
export function bucketOf(moment: string): string {
  return `date_bin('${BUCKET_SECONDS} seconds', ${moment}, 'epoch')`
}

/** The start of the bucket of a moment, both in ms since 1970. */
export function bucketOfMs(ms: number): number {
  return ms - (ms % (BUCKET_SECONDS * 1_000))
}

/**
 * A common table expression, `used`, that charges attempts to the limits of their mailboxes, each once: by its outcome, or where
 * its process is gone.
 *
 * @param attempts the name of rows of `tenant_id`, `recipients` and `at`
 * @param charged SQL for which of them count
 */
export function chargeUsage(attempts: string, charged: string): string {
  return `
used AS (
  INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
  SELECT tenant_id, ${bucketOf('at')}, count(*), sum(recipients) FROM ${attempts} WHERE ${charged}
   GROUP BY 1, 2
   ORDER BY 1, 2
  ON CONFLICT (tenant_id, started_at) DO UPDATE
    SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients
  RETURNING tenant_id
)`
}

/** SQL for whether what was counted at a time counts. */
export function isWithin(window: UsageWindow, startedAt: string): string {
  return `${startedAt} > mail_now() - ${window.interval}`
}

function windowOf(seconds: number): UsageWindow {
  return { ms: seconds * 1_000, interval: `interval '${seconds} seconds'` }
}
