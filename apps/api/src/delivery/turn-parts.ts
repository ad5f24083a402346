import { COUNTED_FROM_BYTES } from '@inforiver-mail/contract/message'
import type { Failure, Refused } from '@inforiver-mail/m365/classify-failure'
import type { GraphMailer, SendOutcome } from '@inforiver-mail/m365/graph-mailer'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { RequestSizes } from '@inforiver-mail/m365/request-sizes'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES, type SizeLimits, type SizePlan } from '@inforiver-mail/m365/size-plan'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { ByteBudget } from '../memory/byte-budget.ts'
import type { ContentKeys } from '../content-keys.ts'
import type { Access, AccessTo, LostAccessTo } from './access-cache.ts'
import type { TurnResult } from './delivery-state.ts'
import type { LeasedMessage, Upload } from '../queue/leased-message.ts'
import { ACCEPTED } from '../queue/attempts.ts'
import type { Deliveries, Mailboxes } from '../queue/queue.ts'
import type { AttachmentReader } from './read-attachment.ts'

/** What every turn of a message uses. */
export interface TurnParts {
  readonly store: Pick<
    Deliveries,
    'clear' | 'storeDraft' | 'storeUpload' | 'finishUpload' | 'readContent' | 'readChunks'
  >
  readonly mailboxStore: Pick<
    Mailboxes,
    'chargeUpload' | 'learnSizeLimit' | 'learnRequestLimits' | 'readSizeLimits' | 'expectStray' | 'isToBeDeleted'
  >
  readonly cachedAccess: (tenantId: string, stamp: string, signal: AbortSignal) => Promise<Access>
  readonly access: AccessTo
  readonly lostAccess: LostAccessTo
  readonly mailer: GraphMailer
  readonly vault: TokenVault
  readonly contentKeys: ContentKeys
  readonly random: RandomBytes
  readonly budget: ByteBudget
  readonly clock: () => Date
  readonly elapsedMs: () => number
  /** Aborted when the process is about to end: what takes long is left to another one then. */
  readonly stopping: () => AbortSignal
  /** Aborted when the process ends within seconds: what is not answered by then is in doubt. */
  readonly ending: () => AbortSignal
}

/** A message with what it holds opened, and how far it has come. */
export interface OpenMessage {
  readonly message: LeasedMessage
  /** When its claim was asked for, as `elapsedMs` tells it. */
  readonly claimedAt: number
  /** Whether the clearance by the claim still counts: for one request. */
  clearedByClaim: boolean
  /** Whether it is sent although it may have been sent before. */
  inSpiteOfDoubt: boolean
  readonly content: MessageContent
  readonly route: MessageRoute
  readonly read: AttachmentReader
  readonly draft: DraftWork
}

/** How a message goes to Microsoft; it changes with what a refusal tells. */
export interface MessageRoute {
  readonly sizes: RequestSizes
  limits: SizeLimits
  plan: SizePlan
  /** The latest refusal in this turn that changed it. */
  refusal: Refused | null
}

/** How far the draft of a message has come; it changes along with the message's row. */
export interface DraftWork {
  draftId: string | null
  internetMessageId: string | null
  /** The sender that it was made for; null while there is none, or nobody knows. */
  from: string | null
  uploading: boolean
  upload: Upload
  /** In this turn. */
  advanced: boolean
  /** Not everything that was done with it was answered: before it is sent, what is on it is counted. */
  inQuestion: boolean
}

/** A small request is not worth asking for. Null when it may go, otherwise in how many ms to ask again. */
export async function chargeRequest(
  { mailboxStore }: TurnParts,
  tenantId: string,
  bytes: number,
): Promise<number | null> {
  return bytes < COUNTED_FROM_BYTES ? null : mailboxStore.chargeUpload(tenantId, bytes)
}

/** The message is somebody else's by now, was cancelled, or the settings are others: nothing more is done with it here. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/** @throws {OvertakenError} when a statement that has to come before a request was not carried out */
export function requireCleared(cleared: boolean): void {
  if (!cleared) throw new OvertakenError('The lease was lost, or the settings changed, before the message was sent.')
}

/** Its files travel one after the other, and each takes memory of its own; of any other message the turn holds all of it. */
export function travelsInPieces({ chunked, attachmentBytes }: LeasedMessage): boolean {
  return chunked && attachmentBytes > MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES
}

export function toResult(outcome: SendOutcome, canLookUp: boolean): TurnResult {
  if (outcome.outcome === 'sent') return { type: 'sent', retryAfter: outcome.retryAfter, detail: ACCEPTED }
  return { type: 'failure', failure: outcome, canLookUp }
}

/** Before a draft is sent nothing is in doubt about the message: a draft more or less sends nothing. */
export function draftFailure(from: Failure): Extract<TurnResult, { type: 'failure' }> {
  const certain = from.outcome === 'unknown' ? { ...from, outcome: 'unavailable' as const } : from
  return { type: 'failure', failure: certain, canLookUp: true }
}

export function unavailable(detail: string): TurnResult {
  return draftFailure({ outcome: 'unavailable', retryAfter: null, microsoftCode: null, requestId: null, detail })
}
