/**
 * What happened in one run, as lines of JSON. All times are milliseconds of this host's wall clock, which the recorder
 * and the simulator share. A line is written when its event ends, so lines are not in the order in which events began.
 */
export type HistoryEvent =
  | RunBegan
  | Submitted
  | StatusRead
  | CancelAsked
  | SenderChanged
  | MailboxRequest
  | FaultInjected

export interface RunBegan {
  readonly kind: 'run'
  readonly at: number
  readonly seed: number
  readonly minutes: number
  readonly limits: Limits
  readonly tenants: readonly TenantFacts[]
}

export interface Limits {
  readonly concurrency: number
  readonly messagesPerMinute: number
  readonly recipientsPerDay: number
}

export interface TenantFacts {
  readonly tenant: string
  /** Each From address, and the mailbox whose requests send it. */
  readonly senders: readonly { readonly address: string; readonly mailbox: string }[]
  /** The sender configured at the beginning of the run; null when there is none. */
  readonly sender: string | null
  /** The same mailbox is connected throughout with Mail.ReadWrite, so everything sent can be found in it. */
  readonly searchable: boolean
}

/** A message that a service submits under one Idempotency-Key, repeating the request until it is answered. */
export interface Submitted {
  readonly kind: 'submit'
  /** The number in its subject. */
  readonly message: string
  readonly tenant: string
  readonly askedAt: number
  readonly answeredAt: number
  readonly outcome: 'accepted' | 'refused' | 'unknown'
  /** Every id answered under its key. */
  readonly ids: readonly string[]
  readonly status: number | null
  readonly onUnknownOutcome: 'retry' | 'stop'
  readonly sendAt: number | null
  readonly recipients: number
  readonly sizeBytes: number
  /** A limit may keep it waiting beyond the end of the run. */
  readonly mayWait: boolean
}

export interface StatusRead {
  readonly kind: 'read'
  readonly message: string
  readonly askedAt: number
  readonly answeredAt: number
  readonly found: boolean
  readonly status: string | null
  readonly possibleDuplicate: boolean
  /** Its problem's code. */
  readonly problem: string | null
  /** Read after the run was over. */
  readonly final: boolean
}

export interface CancelAsked {
  readonly kind: 'cancel'
  readonly message: string
  readonly askedAt: number
  readonly answeredAt: number
  readonly outcome: 'cancelled' | 'refused' | 'unknown'
}

/** A reset, or a consent that connects a sender. */
export interface SenderChanged {
  readonly kind: 'sender'
  readonly tenant: string
  /** Null after a reset. */
  readonly sender: string | null
  /** The earliest time of its effect: when the reset, or the return from Microsoft, was requested. */
  readonly askedAt: number
  /** When it is known to be in effect. */
  readonly answeredAt: number
  readonly outcome: 'done' | 'failed' | 'unknown'
  readonly requestsOnTheWire: number | null
}

/** An entry of the simulator's log. */
export interface MailboxRequest {
  readonly kind: 'request'
  readonly mailbox: string
  readonly endpoint: string
  readonly begunAt: number
  readonly endedAt: number
  /** Null when it was not answered. */
  readonly status: number | null
  readonly accepted: {
    readonly at: number
    readonly from: string
    /** Null for a consent's verification message, which belongs to no service. */
    readonly message: string | null
    /** The product's id of the message. */
    readonly id: string | null
    readonly recipients: number
  } | null
}

export interface FaultInjected {
  readonly kind: 'fault'
  readonly fault: string
  readonly target: string
  readonly at: number
  readonly endedAt: number
  readonly detail: string
}

export type Line<Event extends HistoryEvent = HistoryEvent> = Event & { readonly line: number }

/** The events by kind, each with its line number. */
export interface History {
  readonly run: Line<RunBegan>
  readonly submits: readonly Line<Submitted>[]
  readonly reads: readonly Line<StatusRead>[]
  readonly cancels: readonly Line<CancelAsked>[]
  readonly changes: readonly Line<SenderChanged>[]
  readonly requests: readonly Line<MailboxRequest>[]
  readonly faults: readonly Line<FaultInjected>[]
}

export interface Violation {
  readonly rule: string
  readonly text: string
  readonly lines: readonly number[]
}

/** Adds the line numbers in place: a history is too large to copy. */
export function toHistory(events: Iterable<HistoryEvent>): History {
  const lines: readonly Line[] = Array.from(events, (event, index) => Object.assign(event, { line: index + 1 }))
  const ofKind = <Kind extends HistoryEvent['kind']>(kind: Kind) =>
    lines.filter((line): line is Line<Extract<HistoryEvent, { kind: Kind }>> => line.kind === kind)
  const [run] = ofKind('run')
  if (!run) throw new Error('The history does not say how it began.')
  return {
    run,
    submits: ofKind('submit'),
    reads: ofKind('read'),
    cancels: ofKind('cancel'),
    changes: ofKind('sender'),
    requests: ofKind('request'),
    faults: ofKind('fault'),
  }
}

export type Delivery = Line<MailboxRequest> & { readonly accepted: NonNullable<MailboxRequest['accepted']> }

export function deliveriesOf(history: History): readonly Delivery[] {
  return history.requests.filter((request): request is Delivery => request.accepted !== null)
}

/** Deliveries of services' messages, in the order in which they were accepted. */
export function deliveriesByMessage(history: History): ReadonlyMap<string, readonly Delivery[]> {
  const ours = deliveriesOf(history).filter(({ accepted }) => accepted.message !== null)
  return Map.groupBy(
    ours.toSorted((one, other) => one.accepted.at - other.accepted.at),
    ({ accepted }) => accepted.message ?? '',
  )
}

export function finalReads(history: History): ReadonlyMap<string, Line<StatusRead>> {
  return new Map(history.reads.filter(({ final }) => final).map((read) => [read.message, read]))
}
