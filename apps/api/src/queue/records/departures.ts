import type { MessagePriority, WaitingBecause } from '@inforiver-mail/contract/message'
import type { Pause } from '@inforiver-mail/contract/usage'
import { RANGE_BYTES } from '@inforiver-mail/m365/upload-session'
import type pg from 'pg'
import { isInLane, walkLanes } from '../lanes.ts'
import type { MailboxLimits } from '../mailbox/limits.ts'
import type { Mailbox, Rank } from '../owner/next.ts'
import type { Senders } from '../owner/senders.ts'
import { lastDeparture, planDepartures, type Lane, type Plan } from '../owner/plan.ts'
import { placeAhead } from '../pace.ts'
import { whyPaused } from '../mailbox/pause.ts'
import { readingInboxes } from '../reports/report-inboxes.ts'
import { countersOf } from '../counters.ts'
import { bucketOfMs, DAY_WINDOW, isWithin, RATE_WINDOW, UPLOAD_WINDOW, type UsageWindow } from '../usage-windows.ts'

// When what waits leaves, and why not now. Nothing of it is stored: it follows from the rules of the sender (next.ts) and
// from the same rows.

/** A message further behind is treated as if it were the last of these, which gives it a lower bound of its time. */
const PLANNED_AT_MOST = 10_000
/** A plan of more messages than this is kept for a while: nobody sees the difference, and it takes a tenth of a second. */
const KEPT_FROM = 1_000
const KEPT_FOR_MS = 5_000

/** What counts against the limits of a tenant's mailbox. */
export interface MailboxState {
  readonly pausedUntil: Date | null
  readonly pausedBecause: Pause | null
  readonly sending: number
  /** Due ones and those to be tried again later; not those being sent. */
  readonly queued: number
  readonly messagesLastMinute: number
  readonly recipientsLastDay: number
  /** Recipients of the messages that are being sent. */
  readonly recipientsSending: number
  readonly uploadedBytes: number
  readonly storedBytes: number
  /** Null when nothing waits, nothing limits it, or nothing can leave. */
  readonly lastLeavesAt: Date | null
}

/** The columns of a queued message that decide how long it waits. */
export interface QueuedRow {
  readonly id: string
  readonly nextAttemptAt: Date | null
  readonly priority: MessagePriority
  readonly isLarge: boolean
  /** Whether its attachments are uploaded range by range; otherwise it is sent in one request. */
  readonly isUploaded: boolean
  /** The bytes that the upload limit will count. */
  readonly uploadBytes: number
}

export interface Waiting {
  /** Null when nothing delays the message. */
  readonly because: WaitingBecause | null
  /** Never in the past. Null when the time cannot be known. */
  readonly until: Date | null
}

export interface Departures {
  readMailbox(tenantId: string): Promise<MailboxState>
  /** Explains why queued messages of a tenant wait, and until when, by message id. */
  explain(tenantId: string, queued: readonly QueuedRow[]): Promise<ReadonlyMap<string, Waiting>>
}

export function createDepartures(
  pool: pg.Pool,
  limits: MailboxLimits,
  senders: Pick<Senders, 'isAnybodyThere'>,
  elapsedMs: () => number,
): Departures {
  let kept: { readonly tenantId: string; readonly planned: Planned; readonly at: number } | null = null

  async function plan(tenantId: string, snapshot: Snapshot): Promise<Planned> {
    if (kept?.tenantId === tenantId && elapsedMs() - kept.at < KEPT_FOR_MS) return kept.planned
    const planned = planOf(snapshot, await readLanes(pool, tenantId), limits)
    if (planned.departures.size > KEPT_FROM) kept = { tenantId, planned, at: elapsedMs() }
    return planned
  }

  return {
    async readMailbox(tenantId) {
      const [snapshot, isAnybodyThere] = await Promise.all([readSnapshot(pool, tenantId), senders.isAnybodyThere()])
      const { messages, recipients, pausedUntil } = snapshot.mailbox
      const canLeave = snapshot.canLeave && isAnybodyThere && snapshot.queued + snapshot.sending > 0
      return {
        pausedUntil: pausedUntil === null ? null : new Date(pausedUntil),
        pausedBecause: snapshot.pausedBecause,
        sending: snapshot.sending,
        queued: snapshot.queued,
        messagesLastMinute: sum(messages) - snapshot.sending,
        recipientsLastDay: sum(recipients) - snapshot.recipientsSending,
        recipientsSending: snapshot.recipientsSending,
        uploadedBytes: snapshot.uploadedBytes,
        storedBytes: snapshot.storedBytes,
        lastLeavesAt: canLeave ? estimateLast(snapshot, await plan(tenantId, snapshot), limits) : null,
      }
    },
    async explain(tenantId, queued) {
      if (queued.length === 0) return new Map()
      if (!(await senders.isAnybodyThere())) return new Map(queued.map(({ id }) => [id, NOBODY_SENDS]))
      const snapshot = await readSnapshot(pool, tenantId)
      const isDue = ({ nextAttemptAt }: QueuedRow) => (nextAttemptAt?.getTime() ?? 0) <= snapshot.now
      const planned = queued.some(isDue) ? await plan(tenantId, snapshot) : NOTHING_PLANNED
      return new Map(queued.map((row) => [row.id, explainWaiting(row, snapshot, planned, limits)]))
    },
  }
}

/** A mailbox at one moment. Times are those of the database, in ms since 1970. */
export interface Snapshot {
  readonly now: number
  readonly mailbox: Mailbox
  readonly pausedBecause: Pause | null
  readonly sending: number
  /** The large ones among them. */
  readonly sendingLarge: number
  readonly recipientsSending: number
  /** Requests under way that send nothing: deletions, and inboxes that are read. */
  readonly otherRequests: number
  readonly queued: number
  readonly recipientsQueued: number
  readonly uploadedBytes: number
  /** The bytes of queued messages and those being sent that the upload limit will count. */
  readonly bytesToUpload: number
  readonly storedBytes: number
  /** When the last queued message is due; null when none is queued. */
  readonly lastAttemptAt: number | null
  /** False while somebody has to repair the connection first. */
  readonly canLeave: boolean
}

export interface Planned extends Plan {
  /** Whether more is due than was planned. */
  readonly isCut: boolean
  readonly recipients: number
}

const NOTHING_PLANNED: Planned = { departures: new Map(), lastOf: new Map(), isCut: false, recipients: 0 }

export function planOf(
  { mailbox, now }: Snapshot,
  { lanes, isCut }: { readonly lanes: readonly Lane[]; readonly isCut: boolean },
  limits: MailboxLimits,
): Planned {
  const recipients = lanes.reduce(
    (all, lane) => all + lane.messages.reduce((some, each) => some + each.recipients, 0),
    0,
  )
  return { ...planDepartures(mailbox, lanes, limits, now), isCut, recipients }
}

const NOBODY_SENDS: Waiting = { because: 'no-worker', until: null }

const RANKS: Readonly<Record<MessagePriority, Rank>> = { high: 0, normal: 1, low: 2 }

/** Explains why a queued message waits, and when it can leave at the earliest. */
export function explainWaiting(row: QueuedRow, snapshot: Snapshot, plan: Planned, limits: MailboxLimits): Waiting {
  const { now, mailbox } = snapshot
  const dueAt = row.nextAttemptAt?.getTime() ?? now
  if (dueAt > now) {
    const { pausedUntil } = mailbox
    if (pausedUntil !== null && dueAt < pausedUntil) return { because: 'mailbox-paused', until: new Date(pausedUntil) }
    return { because: reasonOfDelay(row, snapshot, limits), until: new Date(dueAt) }
  }
  // One that is not in a plan of all that is due was taken a moment ago, or has just come.
  const departure = plan.departures.get(row.id) ?? (plan.isCut ? plan.lastOf.get(RANKS[row.priority]) : undefined)
  if (departure?.because) return { because: departure.because, until: new Date(Math.max(departure.at, now)) }
  const { place, large } = departure ?? { place: 1, large: row.isLarge ? 1 : 0 }
  return isRoomFor(row, place, large, snapshot, limits)
    ? { because: null, until: new Date(now) }
    : { because: 'requests-at-once', until: null }
}

/** A message that is not due yet waits for a retry, or for room in the upload limit. */
function reasonOfDelay(
  { isUploaded, uploadBytes }: QueuedRow,
  { uploadedBytes }: Snapshot,
  { uploadBytesPer5Minutes: limit }: MailboxLimits,
): WaitingBecause {
  const nextBytes = isUploaded ? Math.min(RANGE_BYTES, uploadBytes) : uploadBytes
  const isUsedUp = limit > 0 && nextBytes > 0 && uploadedBytes > 0 && uploadedBytes + nextBytes > limit
  return isUsedUp ? 'uploads-per-5-minutes' : 'retry'
}

function isRoomFor(
  { isLarge }: QueuedRow,
  place: number,
  large: number,
  { sending, sendingLarge, otherRequests }: Snapshot,
  { concurrency }: MailboxLimits,
): boolean {
  if (concurrency === 0) return true
  if (place > concurrency - sending - otherRequests) return false
  return !isLarge || concurrency < 2 || large <= concurrency - 1 - sendingLarge
}

/** Estimates by what takes longest when the last message leaves. Returns null where nothing delays any. */
export function estimateLast(snapshot: Snapshot, plan: Planned, limits: MailboxLimits): Date | null {
  const { now, mailbox, queued, recipientsQueued, lastAttemptAt, bytesToUpload, uploadedBytes } = snapshot
  const { messagesPerMinute, recipientsPerDay, uploadBytesPer5Minutes: uploadLimit } = limits
  const rest = {
    messages: Math.max(0, queued - plan.departures.size),
    recipients: Math.max(0, recipientsQueued - plan.recipients),
  }
  const from = mailbox.pausedUntil ?? now
  const moments = [
    ...(messagesPerMinute > 0 || recipientsPerDay > 0 ? [lastDeparture(plan, rest, limits, from)] : []),
    ...(uploadLimit > 0 && bytesToUpload > 0
      ? [from + fullSpans(uploadedBytes + bytesToUpload, uploadLimit) * UPLOAD_WINDOW.ms]
      : []),
    ...(lastAttemptAt !== null && lastAttemptAt > now ? [lastAttemptAt] : []),
    ...(mailbox.pausedUntil === null ? [] : [mailbox.pausedUntil]),
  ]
  return moments.length === 0 ? null : new Date(Math.max(...moments))
}

/** Counts the full spans of a limit that pass before the last of `used` items. */
function fullSpans(used: number, limit: number): number {
  return Math.max(0, Math.ceil(used / limit) - 1)
}

function sum(counted: readonly { readonly count: number }[]): number {
  return counted.reduce((all, { count }) => all + count, 0)
}

/** $1 tenant */
const READ_SNAPSHOT = `
SELECT mail_now() AS now, b.paused_until, b.paused_because, ${placeAhead('a.tenant_id')} AS next_place_at, coalesce(o.normal_passed, 0) AS normal_passed,
       coalesce(o.low_passed, 0) AS low_passed, coalesce(o.after_high, '') AS after_high, coalesce(o.after_normal, '') AS after_normal,
       coalesce(o.after_low, '') AS after_low, coalesce(t.queued, 0) AS queued, coalesce(t.queued_recipients, 0)::int AS queued_recipients,
       coalesce(t.sending, 0) AS sending, coalesce(t.sending_large, 0) AS sending_large, coalesce(t.sending_recipients, 0)::int AS sending_recipients,
       coalesce(t.upload_bytes, 0) AS to_upload, coalesce(t.stored_bytes, 0) AS stored,
       (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = a.tenant_id AND c.lease_until > mail_now()) + ${readingInboxes('a.tenant_id')} AS other_requests,
       (SELECT q.due_at FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.lease_owner IS NULL
         ORDER BY q.due_at DESC LIMIT 1) AS last_attempt_at,
       coalesce(s.status = 'connected' AND s.problem IS NULL, false) AS can_leave
  FROM (SELECT $1::text AS tenant_id) AS a
  LEFT JOIN LATERAL (${countersOf('a.tenant_id')}) AS t ON true
  LEFT JOIN LATERAL (SELECT * FROM mailbox_turns WHERE tenant_id = a.tenant_id OFFSET 0) AS o ON true
  LEFT JOIN LATERAL (SELECT greatest(m.paused_until, m.no_access_until) AS paused_until, ${whyPaused('m')} AS paused_because FROM mailboxes m WHERE m.tenant_id = a.tenant_id) AS b ON true
  LEFT JOIN tenant_settings s ON s.tenant_id = a.tenant_id`

/** $1 tenant */
const READ_USED = `
SELECT started_at, messages, recipients, upload_bytes FROM mailbox_usage
 WHERE tenant_id = $1 AND ${isWithin(DAY_WINDOW, 'started_at')} ORDER BY started_at`

async function readSnapshot(pool: pg.Pool, tenantId: string): Promise<Snapshot> {
  const { rows } = await pool.query<{
    now: Date
    paused_until: Date | null
    paused_because: Pause | null
    next_place_at: Date | null
    normal_passed: number
    low_passed: number
    after_high: string
    after_normal: string
    after_low: string
    queued: number
    queued_recipients: number
    sending: number
    sending_large: number
    sending_recipients: number
    to_upload: string
    stored: string
    other_requests: number
    last_attempt_at: Date | null
    can_leave: boolean
  }>({ name: 'read-snapshot', text: READ_SNAPSHOT, values: [tenantId] })
  const used = await pool.query<{ started_at: Date; messages: number; recipients: number; upload_bytes: string }>({
    name: 'read-used',
    text: READ_USED,
    values: [tenantId],
  })
  const [row] = rows
  if (!row) throw new Error('A mailbox has one state.')
  const now = row.now.getTime()
  const within = (window: UsageWindow, countOf: (each: (typeof used.rows)[number]) => number) =>
    used.rows.flatMap((each) => {
      const [count, freedAt] = [countOf(each), each.started_at.getTime() + window.ms]
      return count > 0 && freedAt > now ? [{ count, freedAt }] : []
    })
  // What is being sent counts as sent now.
  const beingSent = (count: number, freedAt: number) => (count > 0 ? [{ count, freedAt }] : [])
  const isPaused = row.paused_until !== null && row.paused_until > row.now
  return {
    now,
    mailbox: {
      pausedUntil: isPaused ? (row.paused_until?.getTime() ?? null) : null,
      requests: 0,
      uploads: 0,
      messages: [
        ...within(RATE_WINDOW, ({ messages }) => messages),
        ...beingSent(row.sending, bucketOfMs(now) + RATE_WINDOW.ms),
      ],
      recipients: [
        ...within(DAY_WINDOW, ({ recipients }) => recipients),
        ...beingSent(row.sending_recipients, now + DAY_WINDOW.ms),
      ],
      nextPlaceAt: row.next_place_at?.getTime() ?? null,
      turns: {
        normalPassed: row.normal_passed,
        lowPassed: row.low_passed,
        lastService: [row.after_high, row.after_normal, row.after_low],
      },
    },
    pausedBecause: row.paused_because,
    sending: row.sending,
    sendingLarge: row.sending_large,
    recipientsSending: row.sending_recipients,
    otherRequests: row.other_requests,
    queued: row.queued,
    recipientsQueued: row.queued_recipients,
    uploadedBytes: sum(within(UPLOAD_WINDOW, ({ upload_bytes: bytes }) => Number(bytes))),
    bytesToUpload: Number(row.to_upload),
    storedBytes: Number(row.stored),
    lastAttemptAt: row.last_attempt_at?.getTime() ?? null,
    canLeave: row.can_leave,
  }
}

/** What is due, by lanes, with as much of each lane as of the others. $1 tenant, $2 at most */
const READ_LANES = `
WITH RECURSIVE ${walkLanes('$1')}, share AS MATERIALIZED (SELECT ceil($2::numeric / greatest(1, count(*)))::int AS of_each FROM lanes)
SELECT l.priority AS rank, l.service, count(*) = max(s.of_each) AS is_cut, array_agg(first.message_id ORDER BY first.due_at, first.message_id) AS ids,
       array_agg(first.recipients ORDER BY first.due_at, first.message_id) AS recipients,
       array_agg(first.is_large ORDER BY first.due_at, first.message_id) AS large
  FROM share s CROSS JOIN lanes l CROSS JOIN LATERAL (
    SELECT * FROM (
      SELECT q.message_id, q.due_at, q.recipients, q.size = 'large' AS is_large FROM message_queue q
       WHERE ${isInLane('q', 'l.key')} AND q.due_at <= mail_now() AND q.lease_owner IS NULL
       ORDER BY q.due_at LIMIT ${PLANNED_AT_MOST}) AS ahead
     LIMIT s.of_each) AS first
 GROUP BY l.priority, l.service`

async function readLanes(
  pool: pg.Pool,
  tenantId: string,
): Promise<{ readonly lanes: readonly Lane[]; readonly isCut: boolean }> {
  const { rows } = await pool.query<{
    rank: Rank
    service: string
    is_cut: boolean
    ids: string[]
    recipients: number[]
    large: boolean[]
  }>({ name: 'read-lanes', text: READ_LANES, values: [tenantId, PLANNED_AT_MOST] })
  const lanes = rows.map(({ rank, service, ids, recipients, large }) => ({
    rank,
    service,
    messages: ids.map((id, nth) => ({ id, recipients: recipients[nth] ?? 1, isLarge: large[nth] === true })),
  }))
  // In the order in which the services take turns.
  lanes.sort((a, b) => a.rank - b.rank || (a.service < b.service ? -1 : 1))
  return { lanes, isCut: rows.some((row) => row.is_cut) }
}
