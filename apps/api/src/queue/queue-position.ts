import type { MessagePriority } from '@inforiver-mail/contract/message'
import { RANGE_BYTES } from '@inforiver-mail/m365/upload-session'
import type pg from 'pg'
import { isInLane, turnsOf, walkLanes } from './lanes.ts'
import { leavingOrder, type PerPriority } from './leaving-order.ts'
import type { MailboxLimits } from './limits.ts'
import { minuteUsed, placeAhead, planDepartures } from './pace.ts'
import { readingInboxes } from './report-inboxes.ts'
import { totalsOf } from './totals.ts'
import { countedWithin, DAY_WINDOW, RATE_WINDOW, UPLOAD_WINDOW, usedWithin, type Counted } from './usage-windows.ts'
import { dayMatters, explainWaiting, type QueuePosition, type Waiting } from './waiting.ts'

/** A message further behind is treated as if it were here, which gives it a lower bound of its time. */
const POSITIONS_COUNTED = 10_000

/** Ordered by rank in the queue. */
const PRIORITIES = ['high', 'normal', 'low'] as const satisfies readonly MessagePriority[]

/** Reads the state of a mailbox as the claim does. $1 tenant */
const READ_MAILBOX = `
SELECT mail_now() AS now, b.paused_until, ${placeAhead('a.tenant_id')} AS next_place_at, coalesce(o.normal_passed, 0) AS normal_passed,
       coalesce(o.low_passed, 0) AS low_passed, coalesce(t.queued, 0) AS queued, coalesce(t.sending, 0) AS sending, coalesce(t.sending_large, 0) AS large,
       coalesce(t.sending_recipients, 0)::int AS recipients,
       (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = a.tenant_id AND c.lease_until > mail_now()) + ${readingInboxes('a.tenant_id')} AS cleanups,
       ${usedWithin(DAY_WINDOW, 'recipients', 'a.tenant_id')}::int AS recipients_last_day,
       ${usedWithin(UPLOAD_WINDOW, 'upload_bytes', 'a.tenant_id')} AS uploaded
  FROM (SELECT $1::text AS tenant_id) AS a
  LEFT JOIN LATERAL (${totalsOf('a.tenant_id')}) AS t ON true
  LEFT JOIN LATERAL (SELECT * FROM mailbox_turns WHERE tenant_id = a.tenant_id OFFSET 0) AS o ON true
  LEFT JOIN LATERAL (SELECT greatest(paused_until, no_access_until) AS paused_until FROM mailboxes WHERE tenant_id = a.tenant_id) AS b ON true`

const READ_SENT = countedWithin(RATE_WINDOW, 'messages')
const READ_RECIPIENTS = countedWithin(DAY_WINDOW, 'recipients')

/**
 * The due messages of a mailbox by priority, in the order in which the services take turns: how many recipients each has,
 * and whether it is large. `found` has the turns of the messages that were asked for. $1 tenant, $2 ids, $3 how far to count
 */
const READ_TURNS = `
WITH RECURSIVE ${walkLanes('$1')}, candidates AS (
  SELECT l.priority, l.service, first.*, row_number() OVER (PARTITION BY l.key ORDER BY first.due_at, first.id) AS nth
    FROM lanes l CROSS JOIN LATERAL (
      SELECT * FROM (
        SELECT q.message_id AS id, q.due_at, q.recipients, q.size = 'large' AS is_large FROM message_queue q
         WHERE ${isInLane('q', 'l.key')} AND q.due_at <= mail_now() AND q.lease_owner IS NULL
         ORDER BY q.due_at LIMIT ${POSITIONS_COUNTED}) AS ahead
       LIMIT ceil($3::numeric / (SELECT count(*) FROM lanes))) AS first
), turns AS (
  SELECT c.*, row_number() OVER (PARTITION BY c.priority ORDER BY ${turnsOf('o')}) AS turn
    FROM candidates c LEFT JOIN LATERAL (SELECT * FROM mailbox_turns WHERE tenant_id = $1 OFFSET 0) AS o ON true
)
SELECT t.priority, count(*)::int AS waiting, string_agg(t.recipients::text, ',' ORDER BY t.turn) AS recipients,
       string_agg(CASE WHEN t.is_large THEN '1' ELSE '0' END, '' ORDER BY t.turn) AS large,
       coalesce(jsonb_object_agg(t.id, t.turn) FILTER (WHERE t.id = ANY ($2)), '{}') AS found
  FROM turns t GROUP BY t.priority`

/** The columns of a queued message that decide how long it waits. */
export interface QueuedRow {
  readonly id: string
  readonly nextAttemptAt: Date | null
  readonly priority: MessagePriority
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
  const line = due.length === 0 ? NOBODY : await readLine(pool, tenantId, due, mailbox)
  const needsDay = dayMatters([...line.positions.values()], mailbox, mailbox.recipientsLastDay, limits)
  const queue = {
    ...mailbox,
    departures: await readDepartures(pool, limits, tenantId, mailbox, line),
    recipientsSent: needsDay ? await readCounted(pool, READ_RECIPIENTS, tenantId) : [],
  }
  const explained = queued.map((row) => {
    const message = {
      nextAttemptAt: row.nextAttemptAt ?? now,
      recipients: row.recipients,
      isLarge: row.isLarge,
      nextUploadBytes: nextUploadBytes(row),
      position: line.positions.get(row.id) ?? null,
    }
    return [row.id, explainWaiting(message, queue, limits)] as const
  })
  return new Map(explained)
}

type Mailbox = Awaited<ReturnType<typeof readMailbox>>

async function readMailbox(pool: pg.Pool, tenantId: string) {
  const { rows } = await pool.query<{
    now: Date
    paused_until: Date | null
    next_place_at: Date | null
    normal_passed: number
    low_passed: number
    queued: number
    sending: number
    large: number
    recipients: number
    cleanups: number
    recipients_last_day: number
    uploaded: string
  }>({ name: 'read-mailbox', text: READ_MAILBOX, values: [tenantId] })
  const [row] = rows
  if (!row) throw new Error(`There is no tenant ${tenantId}.`)
  const { now } = row
  return {
    now,
    pausedUntil: row.paused_until && row.paused_until > now ? row.paused_until : null,
    nextPlaceAt: row.next_place_at,
    passed: { normal: row.normal_passed, low: row.low_passed },
    queued: row.queued,
    sending: row.sending,
    sendingLarge: row.large,
    recipientsSending: row.recipients,
    cleanups: row.cleanups,
    recipientsLastDay: row.recipients_last_day,
    uploadedBytes: Number(row.uploaded),
  }
}

/** The due messages of a mailbox in the order in which they leave. */
interface Line {
  readonly waiting: number
  /** The positions of the messages that were asked for. One without a position was claimed a moment ago. */
  readonly positions: ReadonlyMap<string, QueuePosition>
}

const NOBODY: Line = { waiting: 0, positions: new Map() }

interface TurnsRow {
  readonly priority: number
  readonly waiting: number
  readonly recipients: string
  readonly large: string
  readonly found: Readonly<Record<string, number>>
}

async function readLine(
  pool: pg.Pool,
  tenantId: string,
  due: readonly QueuedRow[],
  { passed, queued }: Mailbox,
): Promise<Line> {
  const values = [tenantId, due.map(({ id }) => id), POSITIONS_COUNTED]
  const { rows } = await pool.query<TurnsRow>({ name: 'read-turns', text: READ_TURNS, values })
  const lanes = PRIORITIES.map((_, rank) => rows.find(({ priority }) => priority === rank))
  const waiting = { high: lanes[0]?.waiting ?? 0, normal: lanes[1]?.waiting ?? 0, low: lanes[2]?.waiting ?? 0 }
  const placed = placeInLine(
    leavingOrder(waiting, passed),
    PRIORITIES.map((priority, rank) => ({
      priority,
      recipients: lanes[rank]?.recipients.split(',').map(Number) ?? [],
      large: lanes[rank]?.large ?? '',
    })),
  )
  const positions = new Map<string, QueuePosition>()
  const total = waiting.high + waiting.normal + waiting.low
  for (const [rank, priority] of PRIORITIES.entries()) {
    const places = placed[priority]
    for (const [id, turn] of Object.entries(lanes[rank]?.found ?? {})) {
      const position = places[turn - 1]
      if (position) positions.set(id, position)
    }
    const last = places.at(-1)
    // Behind the last one counted it waits at least as long as that one.
    if (last && queued > total)
      for (const row of due) if (row.priority === priority && !positions.has(row.id)) positions.set(row.id, last)
  }
  return { waiting: total, positions }
}

/** Returns the positions of the messages of each priority, in the order of their turns. */
function placeInLine(
  order: Iterable<MessagePriority>,
  lanes: readonly {
    readonly priority: MessagePriority
    readonly recipients: readonly number[]
    readonly large: string
  }[],
): PerPriority<readonly QueuePosition[]> {
  const placed: Record<MessagePriority, QueuePosition[]> = { high: [], normal: [], low: [] }
  const of = new Map(lanes.map((lane) => [lane.priority, lane]))
  let [messages, recipients, large] = [0, 0, 0]
  for (const priority of order) {
    const turn = placed[priority].length
    messages += 1
    recipients += of.get(priority)?.recipients[turn] ?? 0
    large += of.get(priority)?.large[turn] === '1' ? 1 : 0
    placed[priority].push({ messages, recipients, large })
  }
  return placed
}

async function readDepartures(
  pool: pg.Pool,
  { messagesPerMinute }: MailboxLimits,
  tenantId: string,
  { now, pausedUntil, nextPlaceAt, sending }: Mailbox,
  { waiting }: Line,
): Promise<readonly number[]> {
  if (messagesPerMinute === 0 || waiting === 0) return []
  const counted = await readCounted(pool, READ_SENT, tenantId)
  return planDepartures(waiting, messagesPerMinute, minuteUsed({ now, pausedUntil, nextPlaceAt, sending, counted }))
}

async function readCounted(pool: pg.Pool, statement: string, tenantId: string): Promise<Counted[]> {
  return (await pool.query<Counted>(statement, [tenantId])).rows
}

/** Returns the bytes of its next request: one range, or the whole message. */
function nextUploadBytes({ isUploaded, uploadBytes }: QueuedRow): number {
  return isUploaded ? Math.min(RANGE_BYTES, uploadBytes) : uploadBytes
}
