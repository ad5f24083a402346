import type { MessagePriority, WaitingBecause } from '@inforiver-mail/contract/message'
import type { Pause } from '@inforiver-mail/contract/usage'
import { RANGE_BYTES } from '@inforiver-mail/m365/upload-calls'
import type pg from 'pg'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { readLanes, type MailboxAt, type MailboxReader } from '../owner/mailbox-state.ts'
import type { Rank } from '../owner/next.ts'
import type { Senders } from '../owner/senders.ts'
import { lastDeparture, planDepartures, type Plan } from '../owner/plan.ts'
import type { Lane } from '../owner/window.ts'
import { whyPaused } from '../mailbox/pause.ts'
import { countersOf } from '../counters.ts'
import { UPLOAD_WINDOW } from '../usage-windows.ts'

// When what waits leaves, and why not now. Nothing of it is stored: it follows from the rules of the sender (next.ts) and
// from the same rows. The turns are known to the process that sends; another one is off by ten messages at most.

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
  /** Due ones, those to be tried again later, and those being sent: all that were at one moment. */
  readonly waiting: number
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
  mailboxes: MailboxReader,
  limits: MailboxLimits,
  senders: Pick<Senders, 'isAnybodyThere'>,
  elapsedMs: () => number,
): Departures {
  let kept: { readonly tenantId: string; readonly planned: Planned; readonly at: number } | null = null

  async function plan(tenantId: string, snapshot: Snapshot): Promise<Planned> {
    if (kept?.tenantId === tenantId && elapsedMs() - kept.at < KEPT_FOR_MS) return kept.planned
    const lanes = await readLanes(pool, tenantId, { atMost: PLANNED_AT_MOST })
    const planned = planOf(snapshot, { lanes, isCut: lanes.some((lane) => lane.isCut) }, limits)
    if (planned.departures.size > KEPT_FROM) kept = { tenantId, planned, at: elapsedMs() }
    return planned
  }

  return {
    async readMailbox(tenantId) {
      const [snapshot, isAnybodyThere] = await Promise.all([
        readSnapshot(pool, mailboxes, tenantId),
        senders.isAnybodyThere(),
      ])
      const { messages, recipients, pausedUntil } = snapshot.mailbox
      const canLeave = snapshot.canLeave && isAnybodyThere && snapshot.waiting > 0
      return {
        pausedUntil: pausedUntil === null ? null : new Date(pausedUntil),
        pausedBecause: snapshot.pausedBecause,
        sending: snapshot.sending,
        waiting: snapshot.waiting,
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
      const snapshot = await readSnapshot(pool, mailboxes, tenantId)
      const isDue = ({ nextAttemptAt }: QueuedRow) => (nextAttemptAt?.getTime() ?? 0) <= snapshot.now
      const planned = queued.some(isDue) ? await plan(tenantId, snapshot) : NOTHING_PLANNED
      return new Map(queued.map((row) => [row.id, explainWaiting(row, snapshot, planned, limits)]))
    },
  }
}

/** A mailbox, and all that waits in it. */
export interface Snapshot extends Omit<MailboxAt, 'tenantId' | 'due'> {
  readonly pausedBecause: Pause | null
  readonly queued: number
  /** Queued or being sent, read at once: one that is marked meanwhile is never missed. */
  readonly waiting: number
  readonly recipientsQueued: number
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
const READ_WAITING = `
SELECT (SELECT ${whyPaused('m')} FROM mailboxes m WHERE m.tenant_id = a.tenant_id) AS paused_because, coalesce(t.queued, 0) AS queued, coalesce(t.queued + t.sending, 0) AS waiting,
       coalesce(t.queued_recipients, 0)::int AS queued_recipients, coalesce(t.upload_bytes, 0) AS to_upload, coalesce(t.stored_bytes, 0) AS stored,
       (SELECT q.due_at FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.mark_id IS NULL
         ORDER BY q.due_at DESC LIMIT 1) AS last_attempt_at,
       coalesce(s.status = 'connected' AND s.problem IS NULL, false) AS can_leave
  FROM (SELECT $1::text AS tenant_id) AS a
  LEFT JOIN LATERAL (${countersOf('a.tenant_id')}) AS t ON true
  LEFT JOIN tenant_settings s ON s.tenant_id = a.tenant_id`

async function readSnapshot(pool: pg.Pool, mailboxes: MailboxReader, tenantId: string): Promise<Snapshot> {
  const [at] = await mailboxes.read([tenantId], { exactly: true })
  const { rows } = await pool.query<{
    paused_because: Pause | null
    queued: number
    waiting: number
    queued_recipients: number
    to_upload: string
    stored: string
    last_attempt_at: Date | null
    can_leave: boolean
  }>({ name: 'read-waiting', text: READ_WAITING, values: [tenantId] })
  const [row] = rows
  if (!at || !row) throw new Error('A mailbox has one state.')
  return {
    ...at,
    pausedBecause: row.paused_because,
    queued: row.queued,
    waiting: row.waiting,
    recipientsQueued: row.queued_recipients,
    bytesToUpload: Number(row.to_upload),
    storedBytes: Number(row.stored),
    lastAttemptAt: row.last_attempt_at?.getTime() ?? null,
    canLeave: row.can_leave,
  }
}
