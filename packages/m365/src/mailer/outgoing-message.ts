import type { Recipient } from '@inforiver-mail/contract/message'

/** A message as it is handed to Microsoft: complete, and its attachments in memory. */
export interface OutgoingMessage {
  /** Our id, `msg_…`: travels with the message as an extended property. */
  readonly id: string
  /** The sender; not always the delegate's own address. */
  readonly from: Recipient
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[]
  readonly bcc: readonly Recipient[]
  readonly replyTo: readonly Recipient[]
  readonly subject: string
  /** At least one of `html` and `text`. Graph takes one body; Exchange makes the text alternative of an HTML one. */
  readonly html: string | null
  readonly text: string | null
  readonly attachments: readonly OutgoingAttachment[]
  /** Names begin with `x-`; at most five. */
  readonly headers: Readonly<Record<string, string>>
  readonly importance: 'low' | 'normal' | 'high'
  readonly saveToSentItems: boolean
}

export interface OutgoingAttachment {
  readonly filename: string
  readonly contentType: string
  readonly content: Buffer
  /** For an image that the HTML shows by `cid:`; null for an ordinary attachment. */
  readonly contentId: string | null
}
