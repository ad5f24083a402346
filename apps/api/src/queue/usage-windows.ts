/**
 * Usage is counted in buckets of this length, named by their start. The limits of a minute and of five minutes
 * therefore look back one bucket further, so that a bucket counts until its last second is old enough.
 */
const BUCKET_SECONDS = 10

/** How far a limit of a mailbox looks back. What is as old as the window no longer counts. */
export interface UsageWindow {
  readonly ms: number
  /** The same as an SQL interval. */
  readonly interval: string
}

/** For messages a minute. */
export const RATE_WINDOW = windowOf(60 + BUCKET_SECONDS)
/** For uploaded bytes in five minutes. */
export const UPLOAD_WINDOW = windowOf(5 * 60 + BUCKET_SECONDS)
/** For recipients a day. */
export const DAY_WINDOW: UsageWindow = { ms: 24 * 60 * 60_000, interval: `interval '1 day'` }

/** SQL for the bucket of a moment, which is SQL as well. */
export function bucketOf(moment: string): string {
  return `date_bin('${BUCKET_SECONDS} seconds', ${moment}, 'epoch')`
}

/**
 * SQL for what a mailbox has used within a window, as a bigint.
 *
 * @param tenant SQL for the tenant's id
 */
export function usedWithin(
  window: UsageWindow,
  counted: 'messages' | 'recipients' | 'upload_bytes',
  tenant: string,
): string {
  return `(SELECT coalesce(sum(u.${counted}), 0)::bigint FROM mailbox_usage u
            WHERE u.tenant_id = ${tenant} AND u.started_at > mail_now() - ${window.interval})`
}

function windowOf(seconds: number): UsageWindow {
  return { ms: seconds * 1_000, interval: `interval '${seconds} seconds'` }
}
