import { COUNTED_FROM_BYTES } from '@inforiver-mail/contract/message'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'

/** What the limits of a tenant's mailbox look back on. */
export interface MailboxState {
  /** By the clock of the database, as all of it is. */
  readonly now: Date
  readonly pausedUntil: Date | null
  readonly sentLastMinute: number
  readonly recipientsLastDay: number
  /** Of the last day, oldest first, by hours; `until` is the end of each. */
  readonly recipientsByHour: readonly { readonly until: Date; readonly recipients: number }[]
  /** Of messages under way. */
  readonly recipientsSending: number
  readonly recipientsQueued: number
  readonly uploadedBytes: number
  readonly sending: number
  readonly queued: number
  /** When the last of the queued ones is tried again; null while none is queued. */
  readonly lastAttemptAt: Date | null
  /** Of messages that are queued or on their way, what the limit of uploads will count. */
  readonly bytesToUpload: number
  /** False while somebody has to act first. */
  readonly canLeave: boolean
}

/**
 * Waiting is what is queued or being sent: what is scheduled waits for its time, what is held for somebody to act, and
 * what is still being received for nothing yet.
 *
 * What is uploaded counts as it is. What goes in one request counts as it is encoded, attachments with a third more,
 * unless it is small.
 *
 * $1 tenant, $2 bytes of attachments from which they are uploaded, $3 encoded bytes from which a request counts
 */
const READ = `
SELECT mail_now() AS now, t.mailbox_paused_until AS paused_until,
       (SELECT coalesce(sum(messages), 0)::int FROM mailbox_usage WHERE tenant_id = t.id AND started_at > mail_now() - interval '70 seconds') AS sent,
       (SELECT coalesce(sum(recipients), 0)::int FROM mailbox_usage WHERE tenant_id = t.id AND started_at > mail_now() - interval '1 day') AS recipients,
       (SELECT coalesce(sum(upload_bytes), 0)::bigint FROM mailbox_usage WHERE tenant_id = t.id AND started_at > mail_now() - interval '310 seconds') AS uploaded,
       m.sending, m.queued, m.recipients_sending, m.recipients_queued, m.last_attempt_at,
       (SELECT coalesce(sum(CASE WHEN attachment_bytes > $2 THEN attachment_bytes - uploaded_bytes
                                 WHEN stored_bytes + attachment_bytes / 3 >= $3 THEN stored_bytes + attachment_bytes / 3
                                 ELSE 0 END), 0)::bigint FROM messages
         WHERE tenant_id = t.id AND stored_bytes > 0 AND status IN ('queued', 'sending')) AS to_upload,
       coalesce(s.status = 'connected' AND s.problem IS NULL, false) AS can_leave
  FROM tenants t
  LEFT JOIN tenant_settings s ON s.tenant_id = t.id
 CROSS JOIN LATERAL (
   SELECT count(*) FILTER (WHERE status = 'sending')::int AS sending,
          count(*) FILTER (WHERE status = 'queued')::int AS queued,
          coalesce(sum(recipients) FILTER (WHERE status = 'sending'), 0)::int AS recipients_sending,
          coalesce(sum(recipients) FILTER (WHERE status = 'queued'), 0)::int AS recipients_queued,
          max(next_attempt_at) FILTER (WHERE status = 'queued') AS last_attempt_at
     FROM messages WHERE tenant_id = t.id AND status IN ('queued', 'sending')) AS m
 WHERE t.id = $1`

/** $1 tenant */
const READ_HOURS = `
SELECT date_bin('1 hour', started_at, 'epoch') + interval '1 hour' AS until, sum(recipients)::int AS recipients
  FROM mailbox_usage WHERE tenant_id = $1 AND started_at > mail_now() - interval '1 day' AND recipients > 0
 GROUP BY 1 ORDER BY 1`

export function createUsageStore(pool: pg.Pool): { read(tenantId: string): Promise<MailboxState> } {
  return {
    async read(tenantId) {
      const { rows } = await pool.query<{
        now: Date
        paused_until: Date | null
        sent: number
        recipients: number
        uploaded: string
        sending: number
        queued: number
        recipients_sending: number
        recipients_queued: number
        last_attempt_at: Date | null
        to_upload: string
        can_leave: boolean
      }>(READ, [tenantId, MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES, COUNTED_FROM_BYTES])
      const [row] = rows
      if (!row) throw new Error(`There is no tenant ${tenantId}.`)
      const hours = await pool.query<{ until: Date; recipients: number }>(READ_HOURS, [tenantId])
      const {
        now,
        paused_until: pausedUntil,
        sent: sentLastMinute,
        recipients: recipientsLastDay,
        sending,
        queued,
      } = row
      return {
        now,
        pausedUntil: pausedUntil && pausedUntil > now ? pausedUntil : null,
        sentLastMinute,
        recipientsLastDay,
        uploadedBytes: Number(row.uploaded),
        recipientsByHour: hours.rows,
        recipientsSending: row.recipients_sending,
        recipientsQueued: row.recipients_queued,
        sending,
        queued,
        lastAttemptAt: row.last_attempt_at,
        bytesToUpload: Number(row.to_upload),
        canLeave: row.can_leave,
      }
    },
  }
}
