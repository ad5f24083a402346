import { RANGE_BYTES } from '@inforiver-mail/m365/upload-session'
import type pg from 'pg'
import type { MailboxLimits } from './limits.ts'
import { DAY_WINDOW, RATE_WINDOW, UPLOAD_WINDOW, usedWithin, type UsageWindow } from './usage-windows.ts'
import { dayMatters, explainWaiting, type Counted, type QueuePosition, type Waiting } from './waiting.ts'

/** A message further behind is treated as if it were here, which gives it a lower bound of its time. */
const POSITIONS_COUNTED = 10_000

/** Reads the state of a mailbox as the claim does. $1 tenant */
const READ_MAILBOX = `
SELECT mail_now() AS now, b.paused_until, coalesce(t.sending, 0) AS sending, coalesce(t.sending_large, 0) AS large,
       coalesce(t.sending_recipients, 0)::int AS recipients,
       (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = a.tenant_id AND c.lease_until > mail_now()) AS cleanups,
       ${usedWithin(DAY_WINDOW, 'recipients', 'a.tenant_id')}::int AS recipients_last_day,
       ${usedWithin(UPLOAD_WINDOW, 'upload_bytes', 'a.tenant_id')} AS uploaded
  FROM (SELECT $1::text AS tenant_id) AS a
  LEFT JOIN mailbox_totals t ON t.tenant_id = a.tenant_id
  LEFT JOIN LATERAL (SELECT greatest(paused_until, no_access_until) AS paused_until FROM mailboxes WHERE tenant_id = a.tenant_id) AS b ON true`

/** What was counted within a window, and when it leaves the window. $1 tenant */
const readCounts = (window: UsageWindow, column: 'messages' | 'recipients') => `
SELECT ${column} AS count, started_at + ${window.interval} AS "freedAt" FROM mailbox_usage
 WHERE tenant_id = $1 AND started_at > mail_now() - ${window.interval} AND ${column} > 0 ORDER BY started_at`
const READ_SENT = readCounts(RATE_WINDOW, 'messages')
const READ_RECIPIENTS = readCounts(DAY_WINDOW, 'recipients')

/** The positions of due messages, in the order of the claim. $1 tenant, $2 ids, $3 how far to count */
const READ_POSITIONS = `
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
  /** Whether its attachments are uploaded range by range; otherwise it is sent in one request. */
  readonly isUploaded: boolean
  /** The bytes that the upload limit will count. */
  readonly uploadBytes: number
}

/** Explains why queued messages of a tenant wait, and until when, by message id. */
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
  const positions = due.length === 0 ? new Map<string, QueuePosition>() : await readPositions(pool, tenantId, due)
  const needsDay = dayMatters([...positions.values()], mailbox, mailbox.recipientsLastDay, limits)
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
      position: positions.get(row.id) ?? null,
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

async function readPositions(
  pool: pg.Pool,
  tenantId: string,
  due: readonly QueuedRow[],
): Promise<ReadonlyMap<string, QueuePosition>> {
  const ids = due.map(({ id }) => id)
  const { rows } = await pool.query<QueuePosition & { id: string }>(READ_POSITIONS, [tenantId, ids, POSITIONS_COUNTED])
  const positions = new Map(rows.map(({ id, ...position }) => [id, position]))
  const last = rows.find(({ messages }) => messages === POSITIONS_COUNTED)
  // A message without a position is behind the last one counted, or was claimed a moment ago.
  return last ? new Map(ids.map((id) => [id, positions.get(id) ?? last])) : positions
}

async function readCounted(pool: pg.Pool, statement: string, tenantId: string): Promise<Counted[]> {
  return (await pool.query<Counted>(statement, [tenantId])).rows
}

/** Returns the bytes of its next request: one range, or the whole message. */
function nextUploadBytes({ isUploaded, uploadBytes }: QueuedRow): number {
  return isUploaded ? Math.min(RANGE_BYTES, uploadBytes) : uploadBytes
}
