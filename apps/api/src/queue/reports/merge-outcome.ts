import { POSSIBLE_BOUNCE, type Delivery, type DeliverySource } from '@inforiver-mail/contract/message'
import type { MessageEventType } from '@inforiver-mail/contract/message-event'
import { cutText } from '@inforiver-mail/m365/cut-text'

// What a report changes about a recipient. Pure; recipient-outcomes.ts reads and writes it under a lock.

/** How long the event of a failed delivery waits for the code. */
const CODE_AWAITED_MS = 10 * 60_000
const MAX_DETAIL_CHARACTERS = 500

/** What a report can say became of a message for a recipient. It is final, but for a certain bounce after `delivered`. */
export type FinalDelivery = Exclude<Delivery, 'unknown' | 'pending'>

/** What Microsoft reported about one recipient of a message. */
export interface OutcomeReport {
  readonly messageId: string
  /** One of the message's recipients, in any case; about another address nothing is kept. */
  readonly recipient: string
  /**
   * Null for a report that settles nothing: `note` is kept beside the outcome, and `detail` is added to that of an
   * expanded recipient, one of whose members it is about.
   */
  readonly delivery: FinalDelivery | null
  /** The number of a status code alone, such as `5.1.10`. */
  readonly code: string | null
  /** Microsoft's text; what is longer than 500 characters is cut. */
  readonly detail: string | null
  /** When it happened by Microsoft's account; null where that is not told. */
  readonly at: Date | null
  readonly source: DeliverySource
  /** False when it was matched by sender, recipient, time and subject only. */
  readonly certain: boolean
  readonly note: string | null
}

/** What is known of a recipient. */
export interface RecipientOutcome {
  readonly delivery: Delivery | null
  readonly code: string | null
  readonly detail: string | null
  readonly at: Date | null
  readonly source: DeliverySource | null
  readonly certain: boolean
  readonly note: string | null
  /** The types of the events that were written about it. */
  readonly events: readonly string[]
  /** How long its event waits for the code; null when it does not wait. */
  readonly codeAwaitedUntil: Date | null
}

export const NO_OUTCOME: RecipientOutcome = {
  delivery: null,
  code: null,
  detail: null,
  at: null,
  source: null,
  certain: true,
  note: null,
  events: [],
  codeAwaitedUntil: null,
}

/**
 * Adds a report to what is known: a certain outcome replaces an uncertain one, and a certain bounce replaces `delivered`.
 * Otherwise the first outcome stays, and a later report may add the code that it lacks. Returns `current` itself where
 * nothing changes.
 */
export function mergeOutcome(current: RecipientOutcome, report: OutcomeReport, now: Date): RecipientOutcome {
  const note = mergeNotes(current.note, report.note)
  const noted = note === current.note ? current : { ...current, note }
  if (report.delivery === null) return addDetail(noted, report)
  if (replaces(current, report)) return awaitCode(addMemberNote({ ...noted, ...outcomeOf(report, now) }), now)
  return addCode(noted, report)
}

function replaces(current: RecipientOutcome, { delivery, source, certain }: OutcomeReport): boolean {
  if (current.delivery === null) return true
  if (!certain) return false
  if (!current.certain) return true
  return current.delivery === 'delivered' && delivery === 'failed' && source === 'bounce'
}

function outcomeOf({ delivery, code, detail, at, source, certain }: OutcomeReport, now: Date) {
  return { delivery, code, detail: detail === null ? null : cut(detail), at: at ?? now, source, certain }
}

/** A bounce may arrive after the trace reported the failure; so may the details of the trace. */
function addCode(current: RecipientOutcome, report: OutcomeReport): RecipientOutcome {
  if (report.delivery !== 'failed' || report.code === null || current.code !== null) return current
  if (!report.certain && (current.certain || report.source !== current.source)) return current
  const detail = current.detail ?? (report.detail === null ? null : cut(report.detail))
  return { ...current, code: report.code, detail, codeAwaitedUntil: null }
}

/** The prefix of a note about an address that is none of the recipients. */
const NOTE_PREFIX = `${POSSIBLE_BOUNCE}: `

/** The first note stays; what a report says about one more address is added to it. */
function mergeNotes(current: string | null, added: string | null): string | null {
  if (current === null || added === null) return current ?? (added === null ? null : cut(added))
  if (!added.startsWith(NOTE_PREFIX)) return current
  return current === POSSIBLE_BOUNCE ? cut(added) : addLine(current, added.slice(NOTE_PREFIX.length))
}

/** Adds what a report said about a list member before the recipient was known to be a list. */
function addMemberNote(outcome: RecipientOutcome): RecipientOutcome {
  if (outcome.note?.startsWith(NOTE_PREFIX) !== true) return outcome
  return addDetail(outcome, { detail: outcome.note.slice(NOTE_PREFIX.length) })
}

function addDetail(current: RecipientOutcome, { detail }: Pick<OutcomeReport, 'detail'>): RecipientOutcome {
  if (detail === null || current.delivery !== 'expanded') return current
  const added = current.detail === null ? cut(detail) : addLine(current.detail, detail)
  return added === current.detail ? current : { ...current, detail: added }
}

/** Adds what a text does not have yet. */
function addLine(text: string, line: string): string {
  return text.includes(cut(line)) ? text : cut(`${text}\n${line}`)
}

function awaitCode(outcome: RecipientOutcome, now: Date): RecipientOutcome {
  const { delivery, code, events } = outcome
  const waits = delivery === 'failed' && code === null && !events.includes('message.bounced')
  // Where a failure that was only likely is certain now, its event has waited before.
  const until = outcome.codeAwaitedUntil ?? new Date(now.getTime() + CODE_AWAITED_MS)
  return { ...outcome, codeAwaitedUntil: waits ? until : null }
}

/** The event that has to be written about an outcome now; null for none. One of each type is written in all. */
export function dueEvent(outcome: RecipientOutcome, now: Date): MessageEventType | null {
  const type = eventOf(outcome.delivery)
  if (type === null || outcome.events.includes(type)) return null
  return outcome.codeAwaitedUntil !== null && outcome.codeAwaitedUntil > now ? null : type
}

function eventOf(delivery: Delivery | null): MessageEventType | null {
  switch (delivery) {
    case 'delivered':
    case 'spam':
      return 'message.delivered'
    case 'failed':
      return 'message.bounced'
    case 'quarantined':
      return 'message.quarantined'
    default:
      return null // no event is written for a list or its members
  }
}

/** Cuts a text, and leaves out what the database cannot store. */
function cut(text: string): string {
  return cutText(text.toWellFormed().replaceAll('\0', ''), MAX_DETAIL_CHARACTERS)
}
