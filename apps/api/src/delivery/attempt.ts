import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import { COUNTED_FROM_BYTES } from '@inforiver-mail/contract/message-input'
import type { Refused } from '@inforiver-mail/m365/classify-failure'
import type { CallOptions, GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { FindMessageOutcome, SoughtMessage } from '@inforiver-mail/m365/find-message'
import { toOutgoing, type MessageContent } from '@inforiver-mail/m365/message-content'
import { mimeMessageId } from '@inforiver-mail/m365/mime-message'
import type { OutgoingAttachment, OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { RequestSizes } from '@inforiver-mail/m365/request-sizes'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES, type SizeLimits, type SizePlan } from '@inforiver-mail/m365/size-plan'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import type { ContentKeys } from '../vault/content-keys.ts'
import type {
  GrantedAccess,
  ReportAccessRefusal,
  ReportIgnoredSender,
  RequestAccess,
} from '../domain/mailbox-access.ts'
import type { ByteBudget } from '../memory/byte-budget.ts'
import type { MarkedMessage, Upload } from '../queue/owner/marked-message.ts'
import { OWNER_LEASE_MS } from '../queue/owner/ownership.ts'
import type { Deliveries, Mailboxes } from '../queue/queue.ts'
import type { Route } from '../queue/mailbox/refusals.ts'
import type { CachedAccess } from './access-cache.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'
import type { AttachmentReader } from './read-attachment.ts'

/** What every attempt uses, and the worker that makes it. */
export interface AttemptDeps {
  readonly deliveries: Deliveries
  readonly mailboxes: Mailboxes
  readonly cachedAccess: CachedAccess
  readonly requestAccess: RequestAccess
  readonly reportAccessRefusal: ReportAccessRefusal
  readonly reportIgnoredSender: ReportIgnoredSender
  readonly mailer: GraphMailer
  readonly vault: TokenVault
  readonly contentKeys: ContentKeys
  readonly adminCenters: AdminCenters
  readonly random: RandomBytes
  /** Returns a number between 0 and 1, for jitter. */
  readonly chance: () => number
  readonly logger: FastifyBaseLogger
  readonly metrics: DeliveryMetrics
  readonly budget: ByteBudget
  /** The size of every range of an upload but the last. */
  readonly rangeBytes: number
  /** No request of at most so many bytes is refused for its length. */
  readonly certainRequestBytes: number
  readonly clock: () => Date
  readonly elapsedMs: () => number
  readonly timers: Timers
  /** Aborted when the process is asked to stop: what takes long is left to another process. */
  readonly stopping: () => AbortSignal
  /** Aborted when the process ends within seconds: what is not answered by then is in doubt. */
  readonly ending: () => AbortSignal
}

/** Sizes that Microsoft's limits suggest. Tests have smaller ones, to upload in many pieces what has few bytes. */
export type DeliverySizes = Partial<Pick<AttemptDeps, 'rangeBytes' | 'certainRequestBytes'>>

type Calls = CallOptions & { readonly signal: AbortSignal }

/** Says for every request to Graph whose mailbox it is about, and with which token it is made. */
export function callOptions({ accessToken, connection }: GrantedAccess, signal: AbortSignal): Calls {
  return {
    accessToken,
    signal,
    // The mailbox that the application sends from counts as its own.
    sender: { own: connection.mailbox !== 'delegated', grantedPermissions: connection.permissions },
    mailbox: connection.mailbox === 'application' ? { address: connection.fromEmail } : 'me',
  }
}

/** A message with its content opened, and how far the attempt has come. */
export interface OpenMessage {
  readonly message: MarkedMessage
  readonly access: GrantedAccess
  /** Its requests end with the process: one that is on the wire cannot be recalled, and breaking it off would lose its outcome. */
  readonly options: Calls
  /** When its claim was asked for, by `elapsedMs`. */
  readonly claimedAt: number
  /** Whether the clearance by the claim still counts: it does for one request. */
  clearedByClaim: boolean
  /** Whether it is sent although an earlier attempt may have sent it. */
  mayDuplicate: boolean
  /** The route that it takes; null until that is decided. */
  chosenRoute: Route | null
  readonly content: MessageContent
  /** Whether one address takes the place of its recipients, as of those of all other mail. */
  readonly isRedirected: boolean
  /** Whether it may go by a draft that its files are put on one by one. */
  readonly mayFillDraft: boolean
  readonly route: MessageRoute
  readonly read: AttachmentReader
  readonly draft: DraftProgress
}

/** How a message goes to Microsoft; a refusal for a size changes it. */
export interface MessageRoute {
  /** Short enough to fit every limit, so that its request is not measured. */
  readonly isShort: boolean
  /** Measured when somebody asks. */
  readonly sizes: RequestSizes
  limits: SizeLimits
  plan: SizePlan
  /** The latest refusal of this attempt that changed the plan. */
  refusal: Refused | null
}

/** How far the draft of a message has come; it changes along with the message's row. */
export interface DraftProgress {
  draftId: string | null
  internetMessageId: string | null
  /** The sender that the draft was made for; null while there is no draft, or nobody knows. */
  from: string | null
  /** Whom all mail was redirected to when it was made. */
  redirectedTo: string | null
  uploading: boolean
  upload: Upload
  /** Whether this attempt has put anything on the draft. */
  progressed: boolean
  /** Its files are counted before it is sent: a request may have been carried out unanswered, or answered by something else than Microsoft, or a session was used. */
  unconfirmed: boolean
}

/** What is handed to Graph, from this sender. */
export function outgoingOf(
  { message: { id, createdAt }, content }: OpenMessage,
  fromEmail: string,
  attachments: readonly OutgoingAttachment[],
): OutgoingMessage {
  return toOutgoing(content, { id, createdAt, from: { address: fromEmail }, attachments })
}

/** What identifies the copy that an earlier attempt may have sent. `fromEmail`: the sender, unless it had another then. */
export function soughtInSentItems({ message, content, draft }: OpenMessage, fromEmail: string): SoughtMessage {
  const { id: messageId, fromEmail: triedFrom } = message
  const { internetMessageId } = draft
  if (!content.mime) return { messageId, internetMessageId }
  const own = mimeMessageId(content.mime.source, { id: messageId, from: { address: triedFrom ?? fromEmail } })
  const recipients = [...content.to, ...content.cc, ...content.bcc].map(({ address }) => address)
  return { messageId, internetMessageId: internetMessageId ?? own, asMime: true, recipients }
}

/**
 * Looks for the copy of a message in Sent Items. A copy of MIME that Exchange has stripped of our id may be that of another
 * message of the same Message-ID: it does not count where another may have gone to the same recipients, or to any if the
 * copy names none of ours, or all mail goes to one address. Microsoft may spell an address differently, so other recipients
 * alone prove nothing.
 */
export async function findCopy(
  { mailer, deliveries }: Pick<AttemptDeps, 'mailer' | 'deliveries'>,
  { message, isRedirected, options }: OpenMessage,
  sought: SoughtMessage,
): Promise<FindMessageOutcome> {
  const found = await mailer.findMessage(sought, 'sentitems', options)
  if (found.outcome !== 'found' || found.recognisedBy === 'own-id' || sought.internetMessageId === null) return found
  const isToOurs = found.recognisedBy === 'message-id-and-recipient' && !isRedirected
  const addresses = isToOurs ? (sought.recipients ?? null) : null
  const isShared = await deliveries.sharesMessageId(message, sought.internetMessageId, addresses)
  return isShared ? { outcome: 'not-found' } : found
}

/**
 * Charges a request to the mailbox's limit of uploaded bytes; one that is small is not worth a statement.
 *
 * @returns null when the request may go, otherwise in how many ms to ask again
 */
export async function chargeRequest(
  { mailboxes }: AttemptDeps,
  tenantId: string,
  bytes: number,
): Promise<number | null> {
  return bytes < COUNTED_FROM_BYTES ? null : mailboxes.chargeUpload(tenantId, bytes)
}

/** Another worker has the message, it was cancelled, or the settings have changed: this attempt does nothing more with it. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/**
 * Runs the statement that has to precede a request.
 *
 * @throws {OvertakenError} when it changed nothing, or its answer came after a lease: the process may have stood still, and
 *   another one sends by now
 */
export async function requireCleared(
  { elapsedMs }: Pick<AttemptDeps, 'elapsedMs'>,
  statement: () => Promise<boolean>,
): Promise<void> {
  const askedAt = elapsedMs()
  if (!(await statement()))
    throw new OvertakenError('The mark was gone, or the settings changed, before the message was sent.')
  if (elapsedMs() - askedAt >= OWNER_LEASE_MS) throw new OvertakenError('The process stood still before a request.')
}

/** Whether files are read one by one, each with memory of its own. Any other message is held whole during the attempt. */
export function readsFileByFile({ chunked, attachmentBytes }: MarkedMessage): boolean {
  return chunked && attachmentBytes > MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES
}
