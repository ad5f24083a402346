/**
 * What happened in one run, as lines of JSON. All times are milliseconds of this host's wall clock, which the recorder
 * and the simulator share. A line is written when its event is over, so lines are not in the order of their beginnings.
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
  /** Each address that mail may be sent from, and the mailbox whose requests send it. */
  readonly senders: readonly { readonly address: string; readonly mailbox: string }[]
  /** Configured when the run begins; null: nobody is. */
  readonly sender: string | null
  /** The same mailbox is connected throughout, with Mail.ReadWrite: whatever was sent can be found in it. */
  readonly searchable: boolean
}

/** One message of a service that repeats its request under one Idempotency-Key until it is answered. */
export interface Submitted {
  readonly kind: 'submit'
  /** The number that its subject carries. */
  readonly message: string
  readonly tenant: string
  readonly askedAt: number
  readonly answeredAt: number
  readonly outcome: 'accepted' | 'refused' | 'unknown'
  /** Every id that was answered under its key. */
  readonly ids: readonly string[]
  readonly status: number | null
  readonly onUnknownOutcome: 'retry' | 'stop'
  readonly sendAt: number | null
  readonly recipients: number
  readonly sizeBytes: number
  /** It is beyond what a limit lets out during the run, and may be left over. */
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
  /** The code of its problem. */
  readonly problem: string | null
  /** Read after everything had settled. */
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
  /** Null: reset. */
  readonly sender: string | null
  /** From here on it may take effect: when the reset, or the way back from Microsoft, was requested. */
  readonly askedAt: number
  /** From here on it is known to be in effect. */
  readonly answeredAt: number
  readonly outcome: 'done' | 'failed' | 'unknown'
  readonly requestsOnTheWire: number | null
}

/** As the simulator has logged it. */
export interface MailboxRequest {
  readonly kind: 'request'
  readonly mailbox: string
  readonly endpoint: string
  readonly begunAt: number
  readonly endedAt: number
  /** Null: no answer. */
  readonly status: number | null
  readonly accepted: {
    readonly at: number
    readonly from: string
    /** Null: no message of a service, but one that proves a consent. */
    readonly message: string | null
    /** What the product calls it. */
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

/** The history by kind of event, each with the number of its line. */
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

/** The events are given their lines; a history is large, and is not copied. */
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
