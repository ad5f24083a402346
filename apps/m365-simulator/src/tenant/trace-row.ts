/** What becomes of a recipient after Exchange has accepted a message. */
export interface DeliveryOutcome {
  /** A status of the message trace that is followed by no other, or one that a test makes up. */
  readonly status: string
  /** The enhanced status code and the text of a failure, as `550 5.1.10 …`; null where nothing failed. */
  readonly code: string | null
  readonly text: string | null
  /** The addresses that a list was replaced by. */
  readonly members: readonly string[]
}

/** One row of the message trace: a message and one of its recipients. */
export interface TraceRow {
  readonly id: string
  readonly senderAddress: string
  readonly recipientAddress: string
  readonly messageId: string
  readonly receivedMs: number
  readonly subject: string
  readonly size: number
  readonly outcome: DeliveryOutcome
  /** By which route it came: as a recipient of the message, or as a member of a list. */
  readonly isMember: boolean
  /** The trace shows it no earlier, and its outcome not before `settledMs`. */
  readonly visibleMs: number
  readonly settledMs: number
}
