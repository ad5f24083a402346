import type { Recipient } from '@inforiver-mail/contract/message'

/** A complete message for Microsoft, with its attachments in memory. */
export interface OutgoingMessage {
  /** Our id, `msg_…`, which the message carries as an extended property. */
  readonly id: string
  /** The sender; not always the delegate's own address. */
  readonly from: Recipient
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[]
  readonly bcc: readonly Recipient[]
  readonly replyTo: readonly Recipient[]
  readonly subject: string
  /** At least one of `html` and `text` is set. Graph takes one body; Exchange derives plain text from an HTML one. */
  readonly html: string | null
  readonly text: string | null
  readonly attachments: readonly OutgoingAttachment[]
  /** Names begin with `x-`; at most five. */
  readonly headers: Readonly<Record<string, string>>
  readonly importance: 'low' | 'normal' | 'high'
  readonly saveToSentItems: boolean
  /** Asks the recipients' mail programs to confirm that the message was opened. Absent where it is not asked for. */
  readonly requestReadReceipt?: boolean
  /** Asks the recipients' servers to confirm the delivery. Absent where it is not asked for. */
  readonly requestDeliveryReceipt?: boolean
  /** The whole message, where Graph's JSON cannot carry it. Bodies, attachments and headers are then in it alone. */
  readonly mime?: OutgoingMime
}

export interface OutgoingMime {
  /** As it came. */
  readonly source: Buffer
  /** The display name in its From; null for none. */
  readonly fromName: string | null
  /** The date of a message that has none. */
  readonly date: Date
}

export interface OutgoingAttachment {
  readonly filename: string
  readonly contentType: string
  readonly content: Buffer
  /** Set for an image that the HTML shows by `cid:`; null for an ordinary attachment. */
  readonly contentId: string | null
}
