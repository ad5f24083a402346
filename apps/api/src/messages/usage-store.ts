import type pg from 'pg'

/** What the limits of a tenant's mailbox look back on. */
export interface MailboxState {
  readonly pausedUntil: Date | null
  readonly sentLastMinute: number
  readonly recipientsLastDay: number
  readonly sending: number
  readonly waiting: number
}

const READ = `
SELECT t.mailbox_paused_until AS paused_until,
       (SELECT coalesce(sum(messages), 0)::int FROM mailbox_usage WHERE tenant_id = t.id AND started_at > $2::timestamptz - interval '70 seconds') AS sent,
       (SELECT coalesce(sum(recipients), 0)::int FROM mailbox_usage WHERE tenant_id = t.id AND started_at > $2::timestamptz - interval '1 day') AS recipients,
       (SELECT count(*)::int FROM messages WHERE tenant_id = t.id AND status = 'sending') AS sending,
       (SELECT count(*)::int FROM messages WHERE tenant_id = t.id AND status IN ('queued', 'scheduled', 'held')) AS waiting
  FROM tenants t WHERE t.id = $1`

export function createUsageStore(pool: pg.Pool): { read(tenantId: string, now: Date): Promise<MailboxState> } {
  return {
    async read(tenantId, now) {
      const { rows } = await pool.query<{
        paused_until: Date | null
        sent: number
        recipients: number
        sending: number
        waiting: number
      }>(READ, [tenantId, now])
      const [row] = rows
      if (!row) throw new Error(`There is no tenant ${tenantId}.`)
      const { paused_until: pausedUntil, sent: sentLastMinute, recipients: recipientsLastDay, sending, waiting } = row
      return {
        pausedUntil: pausedUntil && pausedUntil > now ? pausedUntil : null,
        sentLastMinute,
        recipientsLastDay,
        sending,
        waiting,
      }
    },
  }
}
