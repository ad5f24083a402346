import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type { Route } from '../mailbox/refusals.ts'
import type { Doubt } from '../states.ts'

/** Identifies a message and the mark under which it is being sent. Every write of a worker names both. */
export type Mark = Pick<MarkedMessage, 'id' | 'tenantId' | 'markId'>

/** A message that this process is sending. */
export interface MarkedMessage {
  /** Counts attempts for the backoff, this one included. */
  readonly attemptCount: number
  /** Time spent on retries after transient failures. */
  readonly tryingMs: number
  /** How many of its latest tries were refused, by Microsoft for its mailbox or by something else, one after the other. */
  readonly refusals: number
  /** By which route Microsoft takes nothing of its mailbox: `send` stands for any; null where it takes both. */
  readonly heldRoute: Route | null
  /** By which route it is tried all the same, to learn whether Microsoft takes mail again; null where it is not. */
  readonly probeRoute: Route | null
  readonly doubt: Doubt
  readonly possibleDuplicate: boolean
  readonly onUnknownOutcome: 'retry' | 'stop'
  /** Its time is over: it is looked for, being in doubt, and not sent any more. */
  readonly hasExpired: boolean
  readonly id: string
  readonly tenantId: string
  readonly markId: string
  readonly recipients: number
  readonly saveToSentItems: boolean
  /** The sender of the last attempt; null before the first. */
  readonly fromEmail: string | null
  readonly draftId: string | null
  /** The Message-ID (RFC 5322) of its draft; null when unknown. */
  readonly internetMessageId: string | null
  /** Whom all mail was redirected to when the draft was made; null where there is no draft. */
  readonly redirectedTo: string | null
  readonly createdAt: Date
  /** The id of the data key that its content key is derived from; null for a message that version 1.0.0 stored. */
  readonly dataKey: string | null
  /** Its own content key, for a message that version 1.0.0 stored. */
  readonly contentKeySealed: Sealed | null
  /** Null unless the message is small: read it with `readContent` when there is memory for it. */
  readonly content: Buffer | null
  /** The W3C traceparent of the submit; null when not traced. */
  readonly traceparent: string | null
  /** The size of all attachments together. */
  readonly attachmentBytes: number
  /** Whether the attachments are stored in chunks. */
  readonly chunked: boolean
  /** The sealed size, attachments included. */
  readonly storedBytes: number
  /** Its draft is being filled, so it cannot have been sent. */
  readonly uploading: boolean
  readonly upload: Upload
  /** Changes whenever the tenant's settings or tokens change. */
  readonly settingsStamp: string
  /** The version of the settings under which the claim cleared the first request; null when it did not. */
  readonly clearedVersion: number | null
}

/** How far the draft of a message is filled. */
export interface Upload {
  /** How many attachments are complete. */
  readonly attached: number
  /** The upload session of the next attachment; null when there is none. */
  readonly session: { readonly urlSealed: Sealed; readonly expiresAt: Date | null } | null
  /** The offset of its next range, in bytes. */
  readonly position: number
}
