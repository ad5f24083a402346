import { check } from '../chaos/history/check.ts'
import type { HistoryEvent } from '../chaos/history/history.ts'
import type { FeedEvent, Submission } from './clients.ts'
import { SENDERS } from './ground.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { RecordedRequest, Upload } from './microsoft.ts'
import type { Plan } from './plan.ts'
import type { HttpAnswer } from './process.ts'

// What holds in every schedule. All of it can be seen from outside: nothing comes from tables.

export interface Violation {
  readonly rule: string
  readonly text: string
}

/** What is known of a schedule when it is over. */
export interface Observed {
  readonly plan: Plan
  readonly history: readonly HistoryEvent[]
  readonly requests: readonly RecordedRequest[]
  readonly uploads: readonly Upload[]
  readonly mailboxes: Mailboxes
  readonly submitted: ReadonlyMap<string, Submission>
  /** The events as a service has read them, page by page while things went wrong. */
  readonly followed: readonly FeedEvent[]
  /** All of them, read at the end. */
  readonly feed: readonly FeedEvent[] | null
  readonly overview: HttpAnswer | null
  /** Who sent, and since when, while nothing went wrong any more. */
  readonly owners: readonly string[]
}

/** Faults by the names that the rules of histories know. */
export const STOOD_STILL = 'process stopped'
export const CLOCK_SET_BACK = 'clock set back'

const UPLOAD_WINDOW_MS = 5 * 60_000
/** A request may begin so long after the statement that allowed it. */
const BEGINS_WITHIN_MS = 60_000
const ENDS = new Set(['message.sent', 'message.failed', 'message.cancelled'])

const RULES: readonly ((observed: Observed) => Violation[])[] = [
  ofHistory,
  noDraftIsLeft,
  nothingIsCounted,
  feedIsComplete,
  feedTellsTheEnd,
  arrivesWhole,
  expiredStays,
  uploadsAreCharged,
  storageHolds,
  ownerStays,
]

export function findViolations(observed: Observed): Violation[] {
  return RULES.flatMap((rule) => rule(observed))
}

/** The rules of `npm run chaos -- history`. */
function ofHistory({ plan, history, requests }: Observed): Violation[] {
  const events: HistoryEvent[] = [
    {
      kind: 'run',
      at: 0,
      seed: 0,
      minutes: 0,
      limits: plan.limits,
      tenants: [
        {
          tenant: 't',
          senders: SENDERS.map((address) => ({ address, mailbox: address })),
          sender: SENDERS[0],
          searchable: plan.isReadable && plan.settingsChanges === 0,
        },
      ],
    },
    ...history,
    ...requests,
  ]
  return check(events).violations.map(({ rule, text }) => ({ rule, text }))
}

function noDraftIsLeft({ mailboxes }: Observed): Violation[] {
  const drafts = mailboxes.drafts()
  return drafts.length === 0 ? [] : [{ rule: 'no draft is left over', text: drafts.join(', ') }]
}

/** When every message has ended, none is counted as waiting. */
function nothingIsCounted({ overview }: Observed): Violation[] {
  if (overview?.status !== 200) return [{ rule: 'the overview can be read', text: String(overview?.status) }]
  const { waiting, scheduled, held } = overview.json
  const counted = [waiting.count, scheduled, held.count] as number[]
  if (counted.every((count) => count === 0)) return []
  return [
    { rule: 'counters are what a recount gives', text: `${counted.join(', ')} still wait, are scheduled, are held` },
  ]
}

/** Whoever reads on from where they were misses nothing, and reads nothing twice. */
function feedIsComplete({ followed, feed }: Observed): Violation[] {
  const rule = 'events are complete and in order'
  if (feed === null) return [{ rule, text: 'the feed could not be read' }]
  const [read, all] = [followed, feed].map((events) => events.map(({ id }) => id))
  const ordered = all?.toSorted()
  if (String(all) !== String(ordered)) return [{ rule, text: 'the feed is not in its order' }]
  if (String(read) === String(all)) return []
  const place = all?.findIndex((id, index) => id !== read?.[index]) ?? 0
  return [{ rule, text: `of ${all?.length}, the reader had another as number ${place + 1}` }]
}

function feedTellsTheEnd({ history, submitted, feed }: Observed): Violation[] {
  const last = new Map(feed?.filter(({ type }) => ENDS.has(type)).map(({ messageId, type }) => [messageId, type]))
  return history.flatMap((read) => {
    if (read.kind !== 'read' || !read.final || !read.found) return []
    const told = last.get(submitted.get(read.message)?.id ?? '')
    if (told === `message.${read.status}`) return []
    return [{ rule: 'the last event says how a message ended', text: `${read.message} is ${read.status}: ${told}` }]
  })
}

function arrivesWhole({ requests, submitted }: Observed): Violation[] {
  return deliveriesIn(requests).flatMap(({ message, fileBytes }) => {
    const submission = submitted.get(message)
    if (!submission || submission.fileBytes === fileBytes) return []
    const text = `${message} left with files of ${fileBytes} bytes in place of ${submission.fileBytes}`
    return [{ rule: 'a message leaves with its attachments', text }]
  })
}

function expiredStays({ history, requests, submitted }: Observed): Violation[] {
  if (hasFault(history, CLOCK_SET_BACK)) return []
  const lateMs = BEGINS_WITHIN_MS + longestStop(history)
  return deliveriesIn(requests).flatMap(({ at, message }) => {
    const expiresAt = submitted.get(message)?.expiresAt ?? null
    if (expiresAt === null || at <= expiresAt + lateMs) return []
    const text = `${message} left ${at - expiresAt} ms after its time`
    return [{ rule: 'what has expired does not leave', text }]
  })
}

/** A range may be sent some time after it was charged, so that it counts within a shorter window. */
function uploadsAreCharged({ plan, history, uploads }: Observed): Violation[] {
  const limit = plan.uploadBytesPer5Minutes
  const windowMs = UPLOAD_WINDOW_MS - BEGINS_WITHIN_MS - longestStop(history)
  if (hasFault(history, CLOCK_SET_BACK)) return []
  return uploads.flatMap(({ at }) => {
    const within = uploads.filter((other) => other.at <= at && other.at > at - windowMs)
    const bytes = within.reduce((sum, other) => sum + other.bytes, 0)
    if (bytes <= limit || within.length < 2) return []
    return [{ rule: 'uploads stay within their limit', text: `${bytes} bytes within ${windowMs} ms` }]
  })
}

/** What leaves later was stored when another message was accepted. */
function storageHolds({ plan, requests, submitted }: Observed): Violation[] {
  const leftAt = new Map(deliveriesIn(requests).map(({ message, at }) => [message, at]))
  const stored = [...submitted].filter(([, { id }]) => id !== null)
  return stored.flatMap(([message, { answeredAt }]) => {
    const beside = stored.filter(
      ([other, each]) => each.answeredAt <= answeredAt && (leftAt.get(other) ?? 0) > answeredAt,
    )
    const bytes = beside.reduce((sum, [, { fileBytes }]) => sum + fileBytes, 0)
    if (bytes <= plan.storageBytes) return []
    return [{ rule: 'no more is stored than there is room for', text: `${bytes} bytes, when ${message} was accepted` }]
  })
}

function ownerStays({ owners }: Observed): Violation[] {
  const names = [...new Set(owners)]
  return names.length < 2 ? [] : [{ rule: 'an owner that renews keeps its mailbox', text: names.join(', then ') }]
}

function deliveriesIn(requests: readonly RecordedRequest[]) {
  return requests.flatMap(({ accepted }) => (accepted ? [{ ...accepted, message: accepted.message ?? '' }] : []))
}

function hasFault(history: readonly HistoryEvent[], name: string): boolean {
  return history.some((event) => event.kind === 'fault' && event.fault === name)
}

function longestStop(history: readonly HistoryEvent[]): number {
  const stops = history.map((event) =>
    event.kind === 'fault' && event.fault === STOOD_STILL ? event.endedAt - event.at : 0,
  )
  return Math.max(0, ...stops)
}
