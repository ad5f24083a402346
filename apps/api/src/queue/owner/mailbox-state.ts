import type pg from 'pg'
import { isToBeWorkedOn } from '../columns.ts'
import { countersOf } from '../counters.ts'
import { isInLane, walkLanes } from '../lanes.ts'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { readingInboxes } from '../reports/report-inboxes.ts'
import { bucketOfMs, DAY_WINDOW, isWithin, RATE_WINDOW, UPLOAD_WINDOW, type UsageWindow } from '../usage-windows.ts'
import { NO_TURNS, type Mailbox } from './next.ts'
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
  /** When a message took a place; null where the last one left at once, or not at all. */
  readonly placedAt: number | null
}

interface StateRow extends Omit<MailboxAt, 'mailbox' | 'uploadedBytes'> {
  readonly pausedUntil: number | null
  readonly queued: number
  /** Time in ms, messages, recipients, uploaded bytes; oldest first. */
  readonly used: readonly (readonly [at: number, messages: number, recipients: number, bytes: number])[]
}

/** $1 tenants, $2 whether what only the limit of a day counts is told by its times, $3 messages a minute, $4 whether what was used matters */
const READ_MAILBOXES = `
SELECT a.tenant_id AS "tenantId", ${inMs('mail_now()')} AS now, (SELECT ${inMs('ends')} FROM greatest(b.paused_until, b.no_access_until) AS ends WHERE ends > mail_now()) AS "pausedUntil",
       coalesce(t.queued, 0) AS queued, coalesce(t.sending, 0) AS sending, coalesce(t.sending_large, 0) AS "sendingLarge", coalesce(t.sending_recipients, 0)::int AS "recipientsSending",
       (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = a.tenant_id AND c.lease_until > mail_now()) + ${readingInboxes('a.tenant_id')} AS "otherRequests",
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

function inMs(moment: string): string {
  return `floor(extract(epoch FROM ${moment}) * 1000)::float8`
}

export type MailboxReader = ReturnType<typeof createMailboxReader>

export function createMailboxReader(pool: pg.Pool, { messagesPerMinute, recipientsPerDay }: MailboxLimits) {
  const orders = new Map<string, Order>()
  return {
    /** @param exactly whether it matters when what is used is free again, rather than how much is */
    async read(tenants: readonly string[], { exactly }: { readonly exactly: boolean }): Promise<readonly MailboxAt[]> {
      const { rows } = await pool.query<StateRow>({
        name: 'read-mailboxes',
        text: READ_MAILBOXES,
        values: [tenants, exactly, messagesPerMinute, exactly || messagesPerMinute + recipientsPerDay > 0],
      })
      return rows.map((row) => toMailbox(row, orders.get(row.tenantId) ?? NO_ORDER))
    },
    keepOrder: (tenantId: string, order: Order) => void orders.set(tenantId, order),
  }
}

const NO_ORDER: Order = { placedAt: null, nextPlaceAt: null, turns: NO_TURNS }

function toMailbox({ used, queued, pausedUntil, ...at }: StateRow, order: Order): MailboxAt {
  const { now, sending, recipientsSending } = at
  const within = (window: UsageWindow, countOf: (each: StateRow['used'][number]) => number) =>
    used.flatMap((each) => {
      const [count, freedAt] = [countOf(each), each[0] + window.ms]
      return count > 0 && freedAt > now ? [{ count, freedAt }] : []
    })
  const beingSent = (count: number, freedAt: number) => (count > 0 ? [{ count, freedAt }] : [])
  return {
    ...at,
    mailbox: {
      pausedUntil,
      requests: sending + at.otherRequests,
      uploads: at.sendingLarge,
      messages: [...within(RATE_WINDOW, (each) => each[1]), ...beingSent(sending, bucketOfMs(now) + RATE_WINDOW.ms)],
      recipients: [...within(DAY_WINDOW, (each) => each[2]), ...beingSent(recipientsSending, now + DAY_WINDOW.ms)],
      nextPlaceAt: nextPlaceOf({ sending, used }, order, now),
      turns: order.turns,
    },
    uploadedBytes: within(UPLOAD_WINDOW, (each) => each[3]).reduce((sum, { count }) => sum + count, 0),
    due: at.due > MAX_COUNTED ? Math.max(at.due, queued) : at.due,
  }
}

/** Null where the message that took the last place did not leave after all, or the clock was set back since. */
function nextPlaceOf(
  { sending, used }: Pick<StateRow, 'sending' | 'used'>,
  { placedAt, nextPlaceAt }: Order,
  now: number,
): number | null {
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
SELECT l.priority AS rank, l.service, count(*) = max(s.of_each) AS "isCut",
       jsonb_agg(jsonb_build_object('id', first.message_id, 'recipients', first.recipients, 'isLarge', first.is_large) ORDER BY first.due_at, first.message_id) AS messages
  FROM share s CROSS JOIN lanes l CROSS JOIN LATERAL (
    SELECT * FROM (
      SELECT q.message_id, q.due_at, q.recipients, q.size = 'large' AS is_large FROM message_queue q
       WHERE ${isInLane('q', 'l.key')} AND q.due_at <= mail_now() AND q.mark_id IS NULL AND ($4 OR q.size <> 'large') AND ${isToBeWorkedOn('q')}
       ORDER BY q.due_at, q.message_id LIMIT ${MAX_READ}) AS ahead
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
  const values = [tenantId, atMost, ofEach, large]
  const { rows } = await pool.query<ReadLane>({ name: 'read-lanes', text: READ_LANES, values })
  return rows.toSorted((a, b) => a.rank - b.rank || (a.service < b.service ? -1 : 1))
}
