import type pg from 'pg'
import { isToBeWorkedOn } from '../columns.ts'
import { countersOf } from '../counters.ts'
import { isInLane, walkLanes } from '../lanes.ts'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { readingInboxes } from '../reports/report-inboxes.ts'
import { bucketOfMs, DAY_WINDOW, isWithin, RATE_WINDOW, UPLOAD_WINDOW, type UsageWindow } from '../usage-windows.ts'
import { NO_TURNS, type Mailbox, type Rank } from './next.ts'
import type { Lane } from './window.ts'

// What `next.ts` decides by, as the rows have it at one moment: how far the limits of a mailbox are used up, and what is due.
// It is read anew before each decision, so that nothing which others queue, cancel or put back can be missed. Only the turns
// and the next place are in memory: a process that takes a mailbox begins with new turns, and its first message leaves at once.

/** Beyond this, what waits at all is taken for due. A constant tells the planner how little of an index is read. */
const MAX_COUNTED = 1_000
const MAX_READ = 10_000

/** A mailbox at one moment. Times are those of the database, in ms since 1970. */
export interface MailboxAt {
  readonly tenantId: string
  readonly now: number
  /** All that is being sent counts as a request, and as sent now. */
  readonly mailbox: Mailbox
  readonly sending: number
  /** The large ones among them. */
  readonly sendingLarge: number
  readonly recipientsSending: number
  /** Requests under way that send nothing: deletions, and inboxes that are read. */
  readonly otherRequests: number
  readonly uploadedBytes: number
  /** How many messages are due, as far as it matters to the limit of a minute. */
  readonly due: number
}

/** What the owner of a mailbox keeps in memory between two claims. */
export interface Order extends Pick<Mailbox, 'nextPlaceAt' | 'turns'> {
  /** When a message took a place; null where the last one left at once. */
  readonly placedAt: number | null
}

export interface MailboxReader {
  /** @param exactly whether it matters when what is used is free again, rather than how much is */
  read(tenants: readonly string[], options: { readonly exactly: boolean }): Promise<readonly MailboxAt[]>
  keepOrder(tenantId: string, order: Order): void
}

interface StateRow {
  readonly tenant_id: string
  readonly now: Date
  readonly paused_until: Date | null
  readonly queued: number
  readonly sending: number
  readonly sending_large: number
  readonly sending_recipients: number
  readonly other_requests: number
  readonly due: number
  /** Time in ms, messages, recipients, uploaded bytes; oldest first. */
  readonly used: readonly (readonly [at: number, messages: number, recipients: number, bytes: number])[]
}

/** $1 tenants, $2 whether what only the limit of a day counts is told by its times, $3 messages a minute, $4 whether what was used matters */
const READ_MAILBOXES = `
SELECT a.tenant_id, mail_now() AS now, greatest(b.paused_until, b.no_access_until) AS paused_until,
       coalesce(t.queued, 0) AS queued, coalesce(t.sending, 0) AS sending, coalesce(t.sending_large, 0) AS sending_large, coalesce(t.sending_recipients, 0)::int AS sending_recipients,
       (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = a.tenant_id AND c.lease_until > mail_now()) + ${readingInboxes('a.tenant_id')} AS other_requests,
       (SELECT count(*)::int FROM (
          SELECT FROM (SELECT FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.due_at <= mail_now() AND q.mark_id IS NULL
                        ORDER BY q.due_at LIMIT ${MAX_COUNTED} + 1) AS ahead
           LIMIT $3::int + 1) AS due) AS due,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(extract(epoch FROM each.at) * 1000, each.messages, each.recipients, each.bytes) ORDER BY each.at), '[]') FROM (
          SELECT min(u.started_at) AS at, sum(u.messages) AS messages, sum(u.recipients) AS recipients, sum(u.upload_bytes) AS bytes FROM mailbox_usage u
           WHERE $4 AND u.tenant_id = a.tenant_id AND ${isWithin(DAY_WINDOW, 'u.started_at')}
           GROUP BY CASE WHEN $2 OR u.started_at > mail_now() - ${UPLOAD_WINDOW.interval} THEN u.started_at END) AS each) AS used
  FROM unnest($1::text[]) AS a(tenant_id)
  LEFT JOIN LATERAL (${countersOf('a.tenant_id')}) AS t ON true
  LEFT JOIN LATERAL (SELECT * FROM mailboxes WHERE tenant_id = a.tenant_id OFFSET 0) AS b ON true`

export function createMailboxReader(
  pool: pg.Pool,
  { messagesPerMinute, recipientsPerDay }: MailboxLimits,
): MailboxReader {
  const orders = new Map<string, Order>()
  return {
    async read(tenants, { exactly }) {
      const { rows } = await pool.query<StateRow>({
        name: 'read-mailboxes',
        text: READ_MAILBOXES,
        values: [tenants, exactly, messagesPerMinute, exactly || messagesPerMinute + recipientsPerDay > 0],
      })
      return rows.map((row) => toMailbox(row, orders.get(row.tenant_id) ?? NO_ORDER))
    },
    keepOrder: (tenantId, order) => void orders.set(tenantId, order),
  }
}

const NO_ORDER: Order = { placedAt: null, nextPlaceAt: null, turns: NO_TURNS }

function toMailbox(row: StateRow, order: Order): MailboxAt {
  const now = row.now.getTime()
  const within = (window: UsageWindow, countOf: (used: StateRow['used'][number]) => number) =>
    row.used.flatMap((used) => {
      const [count, freedAt] = [countOf(used), used[0] + window.ms]
      return count > 0 && freedAt > now ? [{ count, freedAt }] : []
    })
  const messages = within(RATE_WINDOW, (used) => used[1])
  const beingSent = (count: number, freedAt: number) => (count > 0 ? [{ count, freedAt }] : [])
  return {
    tenantId: row.tenant_id,
    now,
    mailbox: {
      pausedUntil: row.paused_until !== null && row.paused_until > row.now ? row.paused_until.getTime() : null,
      requests: row.sending + row.other_requests,
      uploads: row.sending_large,
      messages: [...messages, ...beingSent(row.sending, bucketOfMs(now) + RATE_WINDOW.ms)],
      recipients: [...within(DAY_WINDOW, (used) => used[2]), ...beingSent(row.sending_recipients, now + DAY_WINDOW.ms)],
      nextPlaceAt: nextPlaceOf(row, order, now),
      turns: order.turns,
    },
    sending: row.sending,
    sendingLarge: row.sending_large,
    recipientsSending: row.sending_recipients,
    otherRequests: row.other_requests,
    uploadedBytes: within(UPLOAD_WINDOW, (used) => used[3]).reduce((sum, { count }) => sum + count, 0),
    due: row.due > MAX_COUNTED ? Math.max(row.due, row.queued) : row.due,
  }
}

/** Null where the message that took the last place did not leave after all, or the clock was set back since. */
function nextPlaceOf({ sending, used }: StateRow, { placedAt, nextPlaceAt }: Order, now: number): number | null {
  if (placedAt === null || placedAt > now) return null
  const takenIn = bucketOfMs(placedAt)
  const isTaken = sending > 0 || used.some(([at, messages]) => at >= takenIn && messages > 0)
  return isTaken ? nextPlaceAt : null
}

/** $1 tenant, $2 at most in all, $3 of each lane, $4 whether large ones count */
const READ_LANES = `
WITH RECURSIVE ${walkLanes('$1')}, share AS MATERIALIZED (
  SELECT least($3::int, ceil($2::numeric / greatest(1, count(*)))::int) AS of_each FROM lanes
)
SELECT l.priority AS rank, l.service, count(*) = max(s.of_each) AS is_cut, array_agg(first.message_id ORDER BY first.due_at, first.message_id) AS ids,
       array_agg(first.recipients ORDER BY first.due_at, first.message_id) AS recipients,
       array_agg(first.is_large ORDER BY first.due_at, first.message_id) AS large
  FROM share s CROSS JOIN lanes l CROSS JOIN LATERAL (
    SELECT * FROM (
      SELECT q.message_id, q.due_at, q.recipients, q.size = 'large' AS is_large FROM message_queue q
       WHERE ${isInLane('q', 'l.key')} AND q.due_at <= mail_now() AND q.mark_id IS NULL AND ($4 OR q.size <> 'large') AND ${isToBeWorkedOn('q')}
       ORDER BY q.due_at LIMIT ${MAX_READ}) AS ahead
     LIMIT s.of_each) AS first
 GROUP BY l.priority, l.service`

/** A lane as far as it was read. */
export interface ReadLane extends Lane {
  /** There may be more behind. */
  readonly isCut: boolean
}

/** Reads the front of each lane, with as much of it as of the others; in the order of the services. */
export async function readLanes(
  pool: pg.Pool,
  tenantId: string,
  { atMost, ofEach = atMost, large = true }: { atMost: number; ofEach?: number; large?: boolean },
): Promise<readonly ReadLane[]> {
  const { rows } = await pool.query<{
    rank: Rank
    service: string
    is_cut: boolean
    ids: string[]
    recipients: number[]
    large: boolean[]
  }>({ name: 'read-lanes', text: READ_LANES, values: [tenantId, atMost, ofEach, large] })
  const lanes = rows.map(({ rank, service, is_cut: isCut, ids, recipients, large: areLarge }) => ({
    rank,
    service,
    isCut,
    messages: ids.map((id, nth) => ({ id, recipients: recipients[nth] ?? 1, isLarge: areLarge[nth] === true })),
  }))
  return lanes.toSorted((a, b) => a.rank - b.rank || (a.service < b.service ? -1 : 1))
}
