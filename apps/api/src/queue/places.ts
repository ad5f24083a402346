import { RANGE_BYTES } from '@inforiver-mail/m365/upload-session'
import type pg from 'pg'
import type { MailboxLimits } from './limits.ts'
import { dayMatters, explainWaiting, type Counted, type Place, type Waiting } from './waiting.ts'

/** Nobody waits for the place of a message so far behind: that it leaves no sooner than this one is what it is told. */
const PLACES_COUNTED = 10_000

/** As the claim reads it. $1 tenant */
const READ_MAILBOX = `
SELECT mail_now() AS now, b.paused_until, coalesce(t.sending, 0) AS sending, coalesce(t.sending_large, 0) AS large,
       coalesce(t.sending_recipients, 0)::int AS recipients,
       (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = a.tenant_id AND c.lease_until > mail_now()) AS cleanups,
       (SELECT coalesce(sum(u.recipients), 0)::int FROM mailbox_usage u WHERE u.tenant_id = a.tenant_id AND u.started_at > mail_now() - interval '1 day') AS recipients_last_day,
       (SELECT coalesce(sum(u.upload_bytes), 0)::bigint FROM mailbox_usage u WHERE u.tenant_id = a.tenant_id AND u.started_at > mail_now() - interval '310 seconds') AS uploaded
  FROM (SELECT $1::text AS tenant_id) AS a
  LEFT JOIN mailbox_totals t ON t.tenant_id = a.tenant_id
  LEFT JOIN LATERAL (SELECT greatest(paused_until, no_access_until) AS paused_until FROM mailboxes WHERE tenant_id = a.tenant_id) AS b ON true`

/** $1 tenant */
const READ_SENT = `
SELECT messages AS count, started_at + interval '70 seconds' AS "freedAt" FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - interval '70 seconds' AND messages > 0 ORDER BY started_at`

/** $1 tenant */
const READ_RECIPIENTS = `
SELECT recipients AS count, started_at + interval '1 day' AS "freedAt" FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - interval '1 day' AND recipients > 0 ORDER BY started_at`

/** Of those that are due, in the order of the claim. $1 tenant, $2 ids, $3 how many are looked at */
const READ_PLACES = `
WITH due AS (
  SELECT message_id AS id, due_at, recipients, size = 'large' AS is_large FROM message_queue
   WHERE tenant_id = $1 AND state = 'queued' AND due_at <= mail_now() AND lease_owner IS NULL
   ORDER BY due_at LIMIT $3
), placed AS (
  SELECT id, row_number() OVER line AS messages, count(*) FILTER (WHERE is_large) OVER line AS large,
         sum(recipients) OVER line AS recipients
    FROM due WINDOW line AS (ORDER BY due_at, id ROWS UNBOUNDED PRECEDING)
)
SELECT id, messages::int, large::int, recipients::int FROM placed
 WHERE id = ANY($2) OR messages = $3`

/** The columns of a queued message that decide how long it waits. */
export interface QueuedRow {
  readonly id: string
  readonly nextAttemptAt: Date | null
  readonly recipients: number
  readonly isLarge: boolean
  /** Its attachments are uploaded, one range after the other; otherwise all of it goes in one request. */
  readonly isUploaded: boolean
  /** What the limit of uploads will count of it. */
  readonly uploadBytes: number
}

/** Why queued messages of a tenant wait, and until when, by id. */
export async function explainQueued(
  pool: pg.Pool,
  limits: MailboxLimits,
  tenantId: string,
  queued: readonly QueuedRow[],
): Promise<ReadonlyMap<string, Waiting>> {
  if (queued.length === 0) return new Map()
  const mailbox = await readMailbox(pool, tenantId)
  const { now } = mailbox
  const due = queued.filter(({ nextAttemptAt }) => (nextAttemptAt ?? now) <= now)
  const places = due.length === 0 ? new Map<string, Place>() : await readPlaces(pool, tenantId, due)
  const needsDay = dayMatters([...places.values()], mailbox, mailbox.recipientsLastDay, limits)
  const queue = {
    ...mailbox,
    messagesSent: due.length === 0 ? [] : await readCounted(pool, READ_SENT, tenantId),
    recipientsSent: needsDay ? await readCounted(pool, READ_RECIPIENTS, tenantId) : [],
  }
  const explained = queued.map((row) => {
    const message = {
      nextAttemptAt: row.nextAttemptAt ?? now,
      recipients: row.recipients,
      isLarge: row.isLarge,
      nextUploadBytes: nextUploadBytes(row),
      place: places.get(row.id) ?? null,
    }
    return [row.id, explainWaiting(message, queue, limits)] as const
  })
  return new Map(explained)
}

async function readMailbox(pool: pg.Pool, tenantId: string) {
  const { rows } = await pool.query<{
    now: Date
    paused_until: Date | null
    sending: number
    large: number
    recipients: number
    cleanups: number
    recipients_last_day: number
    uploaded: string
  }>(READ_MAILBOX, [tenantId])
  const [row] = rows
  if (!row) throw new Error(`There is no tenant ${tenantId}.`)
  const { now } = row
  return {
    now,
    pausedUntil: row.paused_until && row.paused_until > now ? row.paused_until : null,
    sending: row.sending,
    sendingLarge: row.large,
    recipientsSending: row.recipients,
    cleanups: row.cleanups,
    recipientsLastDay: row.recipients_last_day,
    uploadedBytes: Number(row.uploaded),
  }
}

async function readPlaces(
  pool: pg.Pool,
  tenantId: string,
  due: readonly QueuedRow[],
): Promise<ReadonlyMap<string, Place>> {
  const ids = due.map(({ id }) => id)
  const { rows } = await pool.query<Place & { id: string }>(READ_PLACES, [tenantId, ids, PLACES_COUNTED])
  const places = new Map(rows.map(({ id, ...place }) => [id, place]))
  const last = rows.find(({ messages }) => messages === PLACES_COUNTED)
  // What is not among them is behind the last one, or was claimed a moment ago.
  return last ? new Map(ids.map((id) => [id, places.get(id) ?? last])) : places
}

async function readCounted(pool: pg.Pool, statement: string, tenantId: string): Promise<Counted[]> {
  return (await pool.query<Counted>(statement, [tenantId])).rows
}

/** A range of a file, or one request. */
function nextUploadBytes({ isUploaded, uploadBytes }: QueuedRow): number {
  return isUploaded ? Math.min(RANGE_BYTES, uploadBytes) : uploadBytes
}
