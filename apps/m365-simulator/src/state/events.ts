import type { JWK } from 'jose'
import type { Rights } from '../directory/directory.ts'

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
  /** Hex; also the name under which the content is kept. */
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
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly extendedProperties: readonly { readonly id: string; readonly value: string }[]
  readonly attachments: readonly StoredAttachment[]
  /** Of a draft, when it was last changed. */
  readonly sentAt: string
  /** Drafts, and what was one; absent: at `sentAt`. */
  readonly createdAt?: string
  /** The account whose token was used; null for what the simulator wrote itself. */
  readonly submittedBy: string | null
  /** Not sent yet. `from` and `sender` are then what was asked for, and nobody has checked them. */
  readonly isDraft?: true
  /** It was a draft before, and not the body of `sendMail`. */
  readonly isFromDraft?: true
}

export type Folder = 'drafts' | 'sentItems' | 'inbox' | 'deletedItems'

/** One message lies in several mailboxes, each time under an id of its own. */
export interface MessageCopy {
  /** Stays the same when the copy moves. What Graph calls it: `graph/item-ids.ts`. */
  readonly id: string
  /** Lower case. */
  readonly mailbox: string
  readonly folder: Folder
  /** Graph does not find it before; ms since 1970. */
  readonly visibleFromMs?: number
  /** Only when the journal is compacted: the number it has already. */
  readonly sequence?: number
}

/** What an authorization code stands for. Times in ms since 1970. */
export interface IssuedCode {
  readonly oid: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly nonce: string | null
  readonly challenge: { readonly method: 'S256' | 'plain'; readonly value: string } | null
  readonly issuedAtMs: number
}

export interface IssuedRefreshToken {
  readonly oid: string
  readonly scopes: readonly string[]
  readonly issuedAtMs: number
}

/**
 * Everything durable is one of these; the journal is their sequence. Codes and refresh tokens appear only as SHA-256,
 * so that the data folder holds nothing that could be redeemed.
 */
export type StateEvent =
  | { readonly type: 'signing-key-created'; readonly privateJwk: JWK }
  | { readonly type: 'user-consented'; readonly oid: string; readonly scopes: readonly string[] }
  | { readonly type: 'user-consent-removed'; readonly oid: string }
  | { readonly type: 'tenant-consented'; readonly scopes: readonly string[] }
  /** Application permissions, for the application itself. */
  | { readonly type: 'application-consented'; readonly permissions: readonly string[] }
  | { readonly type: 'tenant-consent-removed' }
  | { readonly type: 'code-issued'; readonly hash: string; readonly code: IssuedCode }
  | { readonly type: 'code-redeemed'; readonly hash: string }
  | { readonly type: 'refresh-token-issued'; readonly hash: string; readonly token: IssuedRefreshToken }
  | { readonly type: 'refresh-token-used'; readonly hash: string; readonly atMs: number }
  | { readonly type: 'refresh-tokens-revoked'; readonly oid: string; readonly atMs: number }
  | { readonly type: 'access-tokens-revoked'; readonly oid: string; readonly atMs: number }
  | { readonly type: 'account-enabled'; readonly oid: string; readonly enabled: boolean }
  /** Sequence numbers up to this one have been given. */
  | { readonly type: 'sequence-reached'; readonly sequence: number }
  | { readonly type: 'rights-set'; readonly address: string; readonly oid: string; readonly rights: Rights }
  | {
      readonly type: 'message-accepted'
      readonly message: StoredMessage
      readonly copies: readonly MessageCopy[]
    }
  /** Created or changed. */
  | { readonly type: 'draft-saved'; readonly mailbox: string; readonly id: string; readonly message: StoredMessage }
  /** The draft is gone; `copies` holds it again, under its id, in Sent Items. */
  | {
      readonly type: 'draft-sent'
      readonly mailbox: string
      readonly id: string
      readonly message: StoredMessage
      readonly copies: readonly MessageCopy[]
    }
  /** To Deleted Items, or out of it for good. */
  | { readonly type: 'message-deleted'; readonly mailbox: string; readonly id: string }
