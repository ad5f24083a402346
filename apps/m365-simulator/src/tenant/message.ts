export interface MailAddress {
  readonly address: string
  readonly name: string
}

export interface StoredAttachment {
  readonly id: string
  readonly name: string
  readonly contentType: string
  readonly contentId: string | null
  readonly isInline: boolean
  readonly sizeBytes: number
  /** In hex; the content is stored under it. */
  readonly sha256: string
}

export interface StoredMessage {
  readonly internetMessageId: string
  readonly subject: string
  readonly from: MailAddress
  readonly sender: MailAddress
  readonly to: readonly MailAddress[]
  readonly cc: readonly MailAddress[]
  readonly bcc: readonly MailAddress[]
  readonly replyTo: readonly MailAddress[]
  readonly body: { readonly contentType: 'text' | 'html'; readonly content: string }
  readonly importance: 'low' | 'normal' | 'high'
  readonly readReceipt?: true
  readonly deliveryReceipt?: true
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly extendedProperties: readonly { readonly id: string; readonly value: string }[]
  readonly attachments: readonly StoredAttachment[]
  /** Sent as MIME: the whole message, as an attachment is stored, and what JSON could not have carried. */
  readonly mime?: { readonly sha256: string; readonly kind: 'S/MIME' | `Calendar ${string}` | null }
  /** ISO 8601. For a draft, when it was last changed. */
  readonly sentAt: string
  /** Not sent yet: `from` and `sender` are as the client asked, unchecked. */
  readonly isDraft?: true
  /** Sent from a draft, not by `sendMail`. */
  readonly isFromDraft?: true
}

export type Folder = 'drafts' | 'sentItems' | 'inbox' | 'deletedItems'

/** A message has one copy per mailbox, each with its own id. */
export interface MessageCopy {
  /** Stays the same when the copy moves. `graph/item-ids.ts` derives Graph's ids from it. */
  readonly id: string
  /** Lower case. */
  readonly mailbox: string
  readonly folder: Folder
  /** Graph does not find the copy earlier; ms since 1970. */
  readonly visibleFromMs?: number
  /** Set in a journal that an earlier version compacted: the number it already has. */
  readonly sequence?: number
}

/** Type, GUID and tag match in any case, the name does not. Equal keys mean the same property. */
export function propertyKey(id: string): string {
  const [, prefix, name] = /^(\w+ \{[0-9a-f-]+\} name )(.+)$/i.exec(id) ?? []
  return prefix === undefined ? id.toLowerCase() : `${prefix.toLowerCase()}${name}`
}

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
