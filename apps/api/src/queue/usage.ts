import type { Pause } from '@inforiver-mail/contract/usage'
import type pg from 'pg'
import { placeAhead } from './pace.ts'
import { whyPaused } from './pause.ts'
import { totalsOf } from './totals.ts'
import {
  countedWithin,
  DAY_WINDOW,
  isWithin,
  RATE_WINDOW,
  UPLOAD_WINDOW,
  usedWithin,
  type Counted,
} from './usage-windows.ts'

/** What counts against the limits of a tenant's mailbox. */
export interface MailboxState {
  /** The clock of the database, which all times here use. */
  readonly now: Date
  readonly pausedUntil: Date | null
  readonly pausedBecause: Pause | null
  /** What the limit of a minute counts besides the messages being sent, oldest first. */
  readonly sentLastMinute: readonly Counted[]
  /** When the next message may leave while they leave evenly; null when none is ahead. */
  readonly nextPlaceAt: Date | null
  readonly recipientsLastDay: number
  /** The last day by hours, oldest first; `until` is the end of each hour. */
  readonly recipientsByHour: readonly { readonly until: Date; readonly recipients: number }[]
  /** Recipients of the messages that are being sent. */
  readonly recipientsSending: number
  readonly recipientsQueued: number
  readonly uploadedBytes: number
  readonly sending: number
  readonly queued: number
  /** When the last queued message is due; null when none is queued. */
  readonly lastAttemptAt: Date | null
  /** The bytes of queued messages and those being sent that the upload limit will count. */
  readonly bytesToUpload: number
  readonly storedBytes: number
  /** False while somebody has to repair the connection first. */
  readonly canLeave: boolean
}

/**
 * Only queued messages and those being sent count as waiting; scheduled, held and arriving ones do not. $1 tenant
 */
const READ = `
SELECT mail_now() AS now, greatest(b.paused_until, b.no_access_until) AS paused_until, ${whyPaused('b')} AS paused_because,
       ${placeAhead('a.tenant_id')} AS next_place_at,
       ${usedWithin(DAY_WINDOW, 'recipients', 'a.tenant_id')}::int AS recipients,
       ${usedWithin(UPLOAD_WINDOW, 'upload_bytes', 'a.tenant_id')} AS uploaded,
       coalesce(t.sending, 0) AS sending, coalesce(t.queued, 0) AS queued, coalesce(t.sending_recipients, 0)::int AS recipients_sending,
       coalesce(t.queued_recipients, 0)::int AS recipients_queued, coalesce(t.upload_bytes, 0) AS to_upload,
       coalesce(t.stored_bytes, 0) AS stored,
       (SELECT q.due_at FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.lease_owner IS NULL
         ORDER BY q.due_at DESC LIMIT 1) AS last_attempt_at,
       coalesce(s.status = 'connected' AND s.problem IS NULL, false) AS can_leave
  FROM (SELECT $1::text AS tenant_id) AS a
  LEFT JOIN LATERAL (${totalsOf('a.tenant_id')}) AS t ON true
  LEFT JOIN mailboxes b ON b.tenant_id = a.tenant_id
  LEFT JOIN tenant_settings s ON s.tenant_id = a.tenant_id`

const READ_SENT = countedWithin(RATE_WINDOW, 'messages')

/** $1 tenant */
const READ_HOURS = `
SELECT date_bin('1 hour', started_at, 'epoch') + interval '1 hour' AS until, sum(recipients)::int AS recipients
  FROM mailbox_usage WHERE tenant_id = $1 AND ${isWithin(DAY_WINDOW, 'started_at')} AND recipients > 0
 GROUP BY 1 ORDER BY 1`

export async function readMailboxState(pool: pg.Pool, tenantId: string): Promise<MailboxState> {
  const { rows } = await pool.query<{
    now: Date
    paused_until: Date | null
    paused_because: Pause | null
    next_place_at: Date | null
    recipients: number
    uploaded: string
    sending: number
    queued: number
    recipients_sending: number
    recipients_queued: number
    last_attempt_at: Date | null
    to_upload: string
    stored: string
    can_leave: boolean
  }>(READ, [tenantId])
  const [row] = rows
  if (!row) throw new Error('The counts of a mailbox have one row.')
  const hours = await pool.query<{ until: Date; recipients: number }>(READ_HOURS, [tenantId])
  const sent = await pool.query<Counted>(READ_SENT, [tenantId])
  const { now, paused_until: pausedUntil, recipients: recipientsLastDay, sending, queued } = row
  return {
    now,
    pausedUntil: pausedUntil && pausedUntil > now ? pausedUntil : null,
    pausedBecause: row.paused_because,
    sentLastMinute: sent.rows,
    nextPlaceAt: row.next_place_at,
    recipientsLastDay,
    uploadedBytes: Number(row.uploaded),
    recipientsByHour: hours.rows,
    recipientsSending: row.recipients_sending,
    recipientsQueued: row.recipients_queued,
    sending,
    queued,
    lastAttemptAt: row.last_attempt_at,
    bytesToUpload: Number(row.to_upload),
    storedBytes: Number(row.stored),
    canLeave: row.can_leave,
  }
}
