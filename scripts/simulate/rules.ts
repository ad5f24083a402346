import { DRIFT } from '../../apps/api/src/compose-background.ts'
import type { MessageEvent } from '../../packages/contract/src/message-event.ts'
import { check } from '../chaos/history/check.ts'
import type { HistoryEvent, SenderChanged, Violation as HistoryViolation } from '../chaos/history/history.ts'
import type { Answer } from '../testbed/service.ts'
import type { Clients } from './clients.ts'
import { SENDERS } from './ground.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { RecordedRequest, Upload } from './microsoft.ts'
import type { Plan } from './plan.ts'

// What holds in every schedule. All of it can be seen from outside: nothing comes from tables.

export type Violation = Pick<HistoryViolation, 'rule' | 'text'>

/** What is known of a schedule when it is over. */
export interface Observed extends Pick<Clients, 'submitted' | 'followed' | 'owners'> {
  readonly plan: Plan
  readonly history: readonly HistoryEvent[]
  readonly requests: readonly RecordedRequest[]
  readonly uploads: readonly Upload[]
  readonly mailboxes: Mailboxes
  /** All of them, read at the end. */
  readonly feed: readonly MessageEvent[] | null
  readonly overview: Answer | null
  /** What the processes logged. */
  readonly log: readonly string[]
}

/** Faults by the names that the rules of histories know. */
export const STOOD_STILL = 'process stopped'
export const STALLED = 'database stalled'
export const CLOCK_SET_BACK = 'clock set back'

const UPLOAD_WINDOW_MS = 5 * 60_000
/** A request may begin so long after the statement that allowed it. */
const BEGINS_WITHIN_MS = 60_000
/** What takes longer may have been taken over from its process meanwhile, and is not counted as on the wire. */
const ARRIVES_WITHIN_MS = 5_000
const ENDS = new Set(['message.sent', 'message.failed', 'message.cancelled'])

/** What holds in every schedule, and what breaks it. */
const RULES: Readonly<Record<string, (observed: Observed) => readonly string[]>> = {
  'no draft is left over': ({ mailboxes }) => mailboxes.drafts(),
  'counters are what a recount gives': stillCounted,
  'events are complete and in order': feedGaps,
  'events say how a message ended, and once that it was sent': wrongEnds,
  'a message leaves with its attachments': incomplete,
  'what has expired does not leave': leftTooLate,
  'a change of the settings tells what is on the wire': untoldOnTheWire,
  'uploads stay within their limit': uploadedTooMuch,
  'no more is stored than there is room for': storedTooMuch,
  'an owner that renews keeps its mailbox': changedOwners,
}

export function findViolations(observed: Observed): Violation[] {
  const own = Object.entries(RULES).flatMap(([rule, find]) => find(observed).map((text) => ({ rule, text })))
  return [...ofHistory(observed), ...own]
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
  return check(events).violations
}

/** No recount finds anything. When every message has ended, none is counted as waiting. */
function stillCounted({ overview, log }: Observed): string[] {
  const drifts = log.filter((line) => line.includes(DRIFT))
  if (drifts.length > 0) return drifts
  if (overview?.status !== 200) return [`the overview is answered by ${overview?.status}`]
  const { waiting, scheduled, held } = overview.json
  const counted = [waiting.count, scheduled, held.count] as number[]
  return counted.every((count) => count === 0) ? [] : [`${counted.join(', ')} still wait, are scheduled, are held`]
}

/** Whoever reads on from where they were misses nothing, and reads nothing twice. */
function feedGaps({ followed, feed }: Observed): string[] {
  if (feed === null) return ['the feed cannot be read']
  const [read, all] = [followed, feed].map((events) => events.map(({ id }) => id))
  if (String(all) !== String(all?.toSorted())) return ['the feed is not in its order']
  if (String(read) === String(all)) return []
  const place = all?.findIndex((id, index) => id !== read?.[index]) ?? 0
  return [`of ${all?.length}, the reader had another as number ${place + 1}`]
}

/** What is told as sent stays so, also when an outcome comes late. */
function wrongEnds({ history, submitted, feed }: Observed): string[] {
  return history.flatMap((read) => {
    if (read.kind !== 'read' || !read.final || !read.found) return []
    const [id] = submitted.get(read.message)?.ids ?? []
    const told = feed?.flatMap(({ messageId, type }) => (messageId === id && ENDS.has(type) ? [type] : [])) ?? []
    const isSentAgain = told.filter((type) => type === 'message.sent').length > 1
    const isRight = told.at(-1) === `message.${read.status}` && !isSentAgain
    return isRight ? [] : [`${read.message} is ${read.status}: ${told.join(', ')}`]
  })
}

function incomplete({ requests, submitted }: Observed): string[] {
  return deliveriesIn(requests).flatMap(({ message, fileBytes }) => {
    const submission = submitted.get(message)
    if (!submission || submission.fileBytes === fileBytes) return []
    return [`${message} left with files of ${fileBytes} bytes in place of ${submission.fileBytes}`]
  })
}

function leftTooLate({ history, requests, submitted }: Observed): string[] {
  if (hasFault(history, CLOCK_SET_BACK)) return []
  const lateMs = BEGINS_WITHIN_MS + longestStop(history)
  return deliveriesIn(requests).flatMap(({ at, message }) => {
    const expiresAt = submitted.get(message)?.expiresAt ?? Infinity
    return at <= expiresAt + lateMs ? [] : [`${message} left ${at - expiresAt} ms after its time`]
  })
}

/** Nothing but what a change reported arrives from an older sender once it was answered. */
function untoldOnTheWire({ history, requests }: Observed): string[] {
  const changes = history.filter((event): event is SenderChanged => event.kind === 'sender')
  return changes.flatMap(({ sender, askedAt, answeredAt, outcome, requestsOnTheWire }) => {
    if (outcome !== 'done') return []
    const isOfLater = (from: string, at: number) =>
      changes.some(
        (each) =>
          each.sender === from && each.askedAt <= at && (each.outcome === 'unknown' || each.answeredAt >= askedAt),
      )
    const late = deliveriesIn(requests).filter(
      ({ message, from, at, arrivedAt }) =>
        message !== '' && arrivedAt > answeredAt && arrivedAt - at <= ARRIVES_WITHIN_MS && !isOfLater(from, arrivedAt),
    )
    if (late.length <= (requestsOnTheWire ?? 0)) return []
    const names = late.map(({ message }) => message).join(', ')
    return [`${names} arrived after the change to ${sender}, which told of ${requestsOnTheWire}`]
  })
}

/** A range may be sent some time after it was charged, so that it counts within a shorter window. */
function uploadedTooMuch({ plan, history, uploads }: Observed): string[] {
  const windowMs = UPLOAD_WINDOW_MS - BEGINS_WITHIN_MS - longestStop(history)
  if (hasFault(history, CLOCK_SET_BACK)) return []
  return uploads.flatMap(({ at }) => {
    const within = uploads.filter((other) => other.at <= at && other.at > at - windowMs)
    const bytes = within.reduce((sum, other) => sum + other.bytes, 0)
    return bytes <= plan.uploadBytesPer5Minutes || within.length < 2 ? [] : [`${bytes} bytes within ${windowMs} ms`]
  })
}

/** What leaves later was stored when another message was accepted. */
function storedTooMuch({ plan, requests, submitted }: Observed): string[] {
  const leftAt = new Map(deliveriesIn(requests).map(({ message, at }) => [message, at]))
  const stored = [...submitted].filter(([, { ids }]) => ids.length > 0)
  return stored.flatMap(([message, { answeredAt }]) => {
    const beside = stored.filter(
      ([other, each]) => each.answeredAt <= answeredAt && (leftAt.get(other) ?? 0) > answeredAt,
    )
    const bytes = beside.reduce((sum, [, { fileBytes }]) => sum + fileBytes, 0)
    return bytes <= plan.storageBytes ? [] : [`${bytes} bytes, when ${message} was accepted`]
  })
}

function changedOwners({ owners }: Observed): string[] {
  const names = [...new Set(owners)]
  return names.length < 2 ? [] : [names.join(', then ')]
}

function deliveriesIn(requests: readonly RecordedRequest[]) {
  return requests.flatMap(({ accepted }) => (accepted ? [{ ...accepted, message: accepted.message ?? '' }] : []))
}

function hasFault(history: readonly HistoryEvent[], name: string): boolean {
  return history.some((event) => event.kind === 'fault' && event.fault === name)
}

function longestStop(history: readonly HistoryEvent[]): number {
  const stops = history.map((event) =>
    event.kind === 'fault' && [STOOD_STILL, STALLED].includes(event.fault) ? event.endedAt - event.at : 0,
  )
  return Math.max(0, ...stops)
}
