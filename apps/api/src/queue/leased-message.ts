import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type { Doubt } from './states.ts'

/** What a worker shows to write: the message, and the lease under which it has it. */
export type Lease = Pick<LeasedMessage, 'id' | 'tenantId' | 'leaseOwner'>

/** A message in the hands of one worker, until its lease runs out. */
export interface LeasedMessage {
  /** How often it was tried; the backoff grows with it. */
  readonly attemptCount: number
  /** Time spent on trying again after trouble that should pass. */
  readonly tryingMs: number
  readonly doubt: Doubt
  readonly possibleDuplicate: boolean
  readonly onUnknownOutcome: 'retry' | 'stop'
  readonly id: string
  readonly tenantId: string
  readonly leaseOwner: string
  readonly recipients: number
  readonly saveToSentItems: boolean
  /** The sender it was tried with; null before that. */
  readonly fromEmail: string | null
  readonly draftId: string | null
  /** The Message-ID of its draft; null where that is not known. */
  readonly internetMessageId: string | null
  readonly createdAt: Date
  /** The data key that its content key is derived from; null where version 1.0.0 stored it. */
  readonly dataKey: string | null
  /** Its content key, where it has one of its own. */
  readonly contentKeySealed: Sealed | null
  /** Null when it is large: read it when there is room for it. */
  readonly content: Buffer | null
  /** Of all attachments. */
  readonly attachmentBytes: number
  /** Whether the attachments are stored in chunks. */
  readonly chunked: boolean
  /** With the attachments, as they are stored. */
  readonly storedBytes: number
  /** Its draft is being filled: it is certain that it was not sent. */
  readonly uploading: boolean
  readonly upload: Upload
  /** Differs as soon as the tenant's settings or tokens do. */
  readonly settingsStamp: string
  /** The version of the settings under which the claim cleared it to be sent at once; null where it did not. */
  readonly clearedVersion: number | null
}

/** How far the draft of a message is filled. */
export interface Upload {
  /** How many attachments are on it. */
  readonly attached: number
  /** The upload session of the next one; null when there is none. */
  readonly session: { readonly urlSealed: Sealed; readonly expiresAt: Date | null } | null
  /** Where its next range begins. */
  readonly position: number
}
