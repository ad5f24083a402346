// The shapes of the API, written out so that they need no other package. A test compares them with the contract.

export interface Recipient {
  address: string
  name?: string
}

export type MessageStatus = 'scheduled' | 'queued' | 'sending' | 'sent' | 'failed' | 'held' | 'cancelled'
export type MessagePriority = 'high' | 'normal' | 'low'
export type Delivery = 'unknown' | 'pending' | 'delivered' | 'expanded' | 'failed' | 'quarantined' | 'spam'

/** A message to send. At least one recipient, and at least one of `html` and `text`. */
export interface SendMessage {
  to?: readonly (string | Recipient)[]
  cc?: readonly (string | Recipient)[]
  bcc?: readonly (string | Recipient)[]
  replyTo?: readonly (string | Recipient)[]
  /** Only the configured sender is accepted. */
  from?: string
  subject: string
  html?: string
  text?: string
  attachments?: readonly SendAttachment[]
  /** Names begin with `x-`; at most five. */
  headers?: Readonly<Record<string, string>>
  /** What recipients see. */
  importance?: 'low' | 'normal' | 'high'
  /** Who goes first among what waits in the mailbox. */
  priority?: MessagePriority
  saveToSentItems?: boolean
  requestReadReceipt?: boolean
  requestDeliveryReceipt?: boolean
  /** Date and time with a zone (ISO 8601). */
  sendAt?: string
  /** It is not sent after this time. */
  expiresAt?: string
  /** Whether a message may be sent a second time when nobody can tell if the first attempt succeeded. */
  onUnknownOutcome?: 'retry' | 'stop'
  /** Free text, answered back. */
  reference?: string
}

interface AttachmentFacts {
  /** A media type, such as `application/pdf`. */
  contentType?: string
  /** Makes it an inline image, which the HTML shows by `cid:`. */
  contentId?: string
}

export type SendAttachment = AttachmentFacts &
  (
    | {
        filename: string
        /** Text, bytes, or a stream of bytes, which can be read only once. */
        content: string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>
      }
    | {
        /** By default the last part of `path`. */
        filename?: string
        /** A file of this machine, read while it is sent. */
        path: string
      }
  )

/** A message of a batch, whose attachments are in memory. */
export type BatchMessage = Omit<SendMessage, 'attachments'> & {
  attachments?: readonly (AttachmentFacts & { filename: string; content: string | Uint8Array })[]
}

export interface Attachment {
  filename: string
  contentType: string
  sizeBytes: number
  inline: boolean
}

/** What a text says beyond its code, so that it can be worded in another language. */
export type Values = Record<string, string | number | boolean | string[] | null>

export interface MessageAttempt {
  /** When it last ended this way, and when it first did in a row. */
  at: string
  firstAt: string
  count: number
  outcome: 'sent' | 'throttled' | 'unavailable' | 'refused' | 'unknown'
  code: string | null
  values: Values
  detail: string
}

export interface MessageProblem {
  code:
    | 'send-as-denied'
    | 'mailbox-not-found'
    | 'recipient-refused'
    | 'message-refused'
    | 'message-too-large'
    | 'sending-limit-reached'
    | 'gave-up'
    | 'outcome-unknown'
    | 'content-lost'
    | 'expired'
    | 'not-resent'
  values: Values
  title: string
  detail: string
  microsoftCode: string | null
  requestId: string | null
}

export interface DeliveryReport {
  address: string
  kind: 'to' | 'cc' | 'bcc'
  delivery: Delivery
  code: string | null
  explanation: string | null
  detail: string | null
  at: string | null
  source: 'bounce' | 'trace' | null
  certain: boolean
  note: string | null
}

interface MessageFacts {
  id: string
  status: MessageStatus
  service: string
  from: string | null
  to: Recipient[]
  cc: Recipient[] | null
  bcc: Recipient[] | null
  subject: string
  reference: string | null
  createdAt: string
  sendAt: string | null
  priority: MessagePriority
  expiresAt: string | null
  requestReadReceipt: boolean
  requestDeliveryReceipt: boolean
  attachments: Attachment[] | null
  nextAttemptAt: string | null
  waitingBecause:
    | 'mailbox-paused'
    | 'messages-per-minute'
    | 'recipients-per-day'
    | 'uploads-per-5-minutes'
    | 'requests-at-once'
    | 'retry'
    | 'no-worker'
    | null
  sentAt: string | null
  attempts: MessageAttempt[]
  heldBecause:
    | 'not-configured'
    | 'reconnect-required'
    | 'large-attachments-disabled'
    | 'app-misconfigured'
    | 'mailbox-refused'
    | null
  possibleDuplicate: boolean
  progress: { sentBytes: number; totalBytes: number } | null
  problem: MessageProblem | null
}

export interface Message extends MessageFacts {
  recipients: DeliveryReport[]
}

/** A message in a list: how many recipients are in each state of delivery. */
export interface MessageSummary extends MessageFacts {
  delivery: Partial<Record<Delivery, number>>
}

interface Allowance {
  limit: number
  left: number
}

/** What is left of the mailbox's limits; null for one that is switched off. */
export interface Usage {
  messagesPerMinute: Allowance | null
  recipientsPerDay: Allowance | null
  uploadBytesPer5Minutes: Allowance | null
  concurrentRequests: Allowance | null
  pausedUntil: string | null
  pausedBecause: {
    code: 'microsoft-asked' | 'limit-used-up' | 'no-access' | 'token-refused' | 'gateway'
    host: string | null
    status: number | null
  } | null
  waitingMessages: number
  estimatedLastSentAt: string | null
  /** The room for stored messages: above all those that wait, are scheduled or held, or have failed. */
  storage: { usedBytes: number; limitBytes: number }
}

/** Selects messages; see the API for each. */
export interface MessageFilter {
  status?: MessageStatus
  recipient?: string
  subject?: string
  reference?: string
  submittedFrom?: string
  submittedTo?: string
  problem?: string
  delivery?: Delivery
  possibleDuplicate?: boolean
  failedFrom?: string
  failedTo?: string
  search?: string
  /** How many messages each request asks for: 100 without it, and at most 200. */
  limit?: number
}

export type MessageEventType =
  | 'message.sent'
  | 'message.failed'
  | 'message.held'
  | 'message.released'
  | 'message.cancelled'
  | 'message.delivered'
  | 'message.bounced'
  | 'message.quarantined'

export interface MessageEvent {
  id: string
  type: MessageEventType
  at: string
  messageId: string
  reference: string | null
  service: string
  recipient: string | null
  code: string | null
  detail: string | null
  possibleDuplicate: boolean
}
