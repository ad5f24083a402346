import { CERTAIN_REQUEST_BYTES, MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message-input'
import type { SizeLimit } from './graph-codes.ts'
import { encodedMessageBytes, type RequestSizes } from './request-sizes.ts'

/** Microsoft documents upload sessions for files from 3 MB, which may mean 3,000,000 bytes. */
const MAX_SESSION_MINIMUM_BYTES = 3 * 1024 * 1024
/** The largest file for an upload session, whatever the organisation allows for a message. */
export const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024
/** More bytes of attachments fit no request in base64, under either reading of 4 MB. */
export const MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES = (MAX_REQUEST_BYTES / 4) * 3

// Graph takes requests of up to 4 MB, and upload sessions from 3 MB on. 4 MB may mean 4,000,000 or 4,194,304 bytes, and
// 3 MB may mean 3,000,000 or 3,145,728; Microsoft does not say. What fits both readings is certain. What fits only the
// larger reading of 4 MB is first tried in one request, because every file in question does; a refusal proves the smaller
// reading, and the message takes the other route.

/** What is known of Microsoft's limits; null where nothing is known. */
export interface SizeLimits {
  /** The largest encoded message that the organisation allows. */
  readonly messageBytes: number | null
  /** The longest request that Graph takes. */
  readonly requestBytes: number | null
  /** The smallest file for which Graph opens an upload session. */
  readonly sessionMinimumBytes: number | null
}

export const NOTHING_KNOWN: SizeLimits = { messageBytes: null, requestBytes: null, sessionMinimumBytes: null }

export type SizePlan =
  /** Everything fits into one request. */
  { readonly kind: 'send-mail' } | DraftPlan | NoRoute

/**
 * Creates a draft, adds the attachments and sends it. Each attachment, in order, by one request or an upload session.
 */
interface DraftPlan {
  readonly kind: 'draft'
  readonly attachments: readonly ('attach' | 'session')[]
}

export type NoRoute =
  | {
      readonly kind: 'none'
      readonly reason: 'body-too-large' | 'message-too-large'
      /** The size of what is too large: the request without attachments, or the encoded message. */
      readonly sizeBytes: number
      readonly limitBytes: number
    }
  | {
      readonly kind: 'none'
      /** `attachment-between`: too large for one request, too small for an upload session. */
      readonly reason: 'attachment-too-large' | 'attachment-between'
      readonly sizeBytes: number
      readonly limitBytes: number
      /** Counted from 0. */
      readonly attachment: number
    }

/** Decides how a message goes to Microsoft. */
export function planSize(sizes: RequestSizes, limits: SizeLimits): SizePlan {
  const draft = planDraft(sizes, limits)
  const impossible = draft.kind === 'none' && draft.reason !== 'attachment-between'
  return !impossible && sizes.sendMail <= longestRequest(limits) ? { kind: 'send-mail' } : draft
}

/** Plans a draft, even if one request would do. */
export function planDraft(sizes: RequestSizes, limits: SizeLimits): DraftPlan | NoRoute {
  const { attachments } = sizes
  const requestBytes = longestRequest(limits)
  // Without attachments, creating the draft needs as long a request as sending.
  const body = attachments.length === 0 ? sizes.sendMail : sizes.createDraft
  if (body > requestBytes) return { kind: 'none', reason: 'body-too-large', sizeBytes: body, limitBytes: requestBytes }
  const tooLarge = attachments.findIndex(({ file }) => file > MAX_ATTACHMENT_BYTES)
  if (tooLarge >= 0) return refuseFile('attachment-too-large', tooLarge, MAX_ATTACHMENT_BYTES)
  const encodedBytes = encodedMessageBytes(sizes)
  if (limits.messageBytes !== null && encodedBytes > limits.messageBytes)
    return { kind: 'none', reason: 'message-too-large', sizeBytes: encodedBytes, limitBytes: limits.messageBytes }
  const methods = attachments.map(({ file, attach }) => {
    if (attach <= requestBytes) return 'attach'
    return file >= (limits.sessionMinimumBytes ?? 0) ? 'session' : null
  })
  const between = methods.indexOf(null)
  if (between >= 0) return refuseFile('attachment-between', between, requestBytes)
  return { kind: 'draft', attachments: methods.filter((method) => method !== null) }

  function refuseFile(reason: 'attachment-too-large' | 'attachment-between', index: number, limitBytes: number) {
    return { kind: 'none', reason, sizeBytes: attachments[index]?.file ?? 0, limitBytes, attachment: index } as const
  }
}

/**
 * What a refusal for size proves about Microsoft's limits. `sizeBytes` is the length of the request, or the size of the
 * file. Null when no reading of the limits explains the refusal.
 *
 * @param certainRequestBytes the longest request that every reading allows
 */
export function learnLimit(
  limit: SizeLimit,
  sizeBytes: number,
  certainRequestBytes = CERTAIN_REQUEST_BYTES,
): Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>> | null {
  if (limit === 'request-length') return sizeBytes > certainRequestBytes ? { requestBytes: certainRequestBytes } : null
  return sizeBytes < MAX_SESSION_MINIMUM_BYTES ? { sessionMinimumBytes: sizeBytes + 1 } : null
}

/**
 * The limits to plan by once something on the way to Graph has refused a request of a length that Graph takes. Null where
 * no draft gets by with shorter ones. They hold for this way alone, and teach nothing about Microsoft.
 */
export function shorterThan(sizeBytes: number, sizes: RequestSizes, limits: SizeLimits): SizeLimits | null {
  const shorter = { ...limits, requestBytes: sizeBytes - 1, sessionMinimumBytes: MAX_SESSION_MINIMUM_BYTES }
  return planDraft(sizes, shorter).kind === 'draft' ? shorter : null
}

function longestRequest({ requestBytes }: SizeLimits): number {
  return requestBytes ?? MAX_REQUEST_BYTES
}
