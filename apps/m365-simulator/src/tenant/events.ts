import type { JWK } from 'jose'
import type { TraceRow } from './trace-row.ts'
import type { Rights } from './directory.ts'
import type { MessageCopy, StoredMessage } from './message.ts'

/** What an authorization code stands for. Times in ms since 1970. */
export interface IssuedCode {
  readonly oid: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly nonce: string | null
  /** The challenge of PKCE, by S256. */
  readonly challenge: string | null
  readonly issuedAtMs: number
}

export interface IssuedRefreshToken {
  readonly oid: string
  readonly scopes: readonly string[]
  readonly issuedAtMs: number
}

/**
 * Everything durable is one of these events; the journal is their sequence. Codes and refresh tokens appear only as
 * SHA-256 hashes, so the data folder holds nothing that could be redeemed.
 */
export type StateEvent =
  | { readonly type: 'signing-key-created'; readonly privateJwk: JWK }
  | { readonly type: 'user-consented'; readonly oid: string; readonly scopes: readonly string[] }
  | { readonly type: 'user-consent-removed'; readonly oid: string }
  | { readonly type: 'tenant-consented'; readonly scopes: readonly string[] }
  | { readonly type: 'application-consented'; readonly permissions: readonly string[] }
  | { readonly type: 'tenant-consent-removed' }
  | { readonly type: 'code-issued'; readonly hash: string; readonly code: IssuedCode }
  | { readonly type: 'code-redeemed'; readonly hash: string }
  | { readonly type: 'refresh-token-issued'; readonly hash: string; readonly token: IssuedRefreshToken }
  | { readonly type: 'refresh-token-used'; readonly hash: string; readonly atMs: number }
  | { readonly type: 'refresh-tokens-revoked'; readonly oid: string; readonly atMs: number }
  | { readonly type: 'access-tokens-revoked'; readonly oid: string; readonly atMs: number }
  /** Sequence numbers up to this one are taken. */
  | { readonly type: 'sequence-reached'; readonly sequence: number }
  | { readonly type: 'rights-set'; readonly address: string; readonly oid: string; readonly rights: Rights }
  | {
      readonly type: 'message-accepted'
      readonly message: StoredMessage
      readonly copies: readonly MessageCopy[]
    }
  /** Covers both creating and changing. */
  | { readonly type: 'draft-saved'; readonly mailbox: string; readonly id: string; readonly message: StoredMessage }
  /** Removes the draft; `copies` has it under the same id in Sent Items. */
  | {
      readonly type: 'draft-sent'
      readonly mailbox: string
      readonly id: string
      readonly message: StoredMessage
      readonly copies: readonly MessageCopy[]
    }
  /** In the message trace. */
  | { readonly type: 'message-traced'; readonly rows: readonly TraceRow[] }
  /** Moves to Deleted Items, or out of it for good. */
  | { readonly type: 'message-deleted'; readonly mailbox: string; readonly id: string }
