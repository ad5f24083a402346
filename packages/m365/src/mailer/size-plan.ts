import { CERTAIN_REQUEST_BYTES, MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message'
import type { SizeLimit } from './graph-codes.ts'
import { encodedMessageBytes, type RequestSizes } from './request-sizes.ts'

/** Microsoft documents upload sessions for larger files, and may mean 3,000,000 bytes by 3 MB. */
const MAX_SESSION_MINIMUM_BYTES = 3 * 1024 * 1024
/** Microsoft takes no larger file through a session, whatever the organisation allows for a message. */
export const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024
/** More than this in attachments fits no request in base64, whatever Microsoft means by 4 MB. */
export const MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES = (MAX_REQUEST_BYTES / 4) * 3

// Graph takes requests of 4 MB, and upload sessions from 3 MB. 4,000,000 and 4,194,304 are two readings of the first,
// 3,000,000 and 3,145,728 of the second, and nobody says which ones hold. What is certain goes as it has to. What one
// request may hold is tried that way first, since every file between fits it under the larger reading; a refusal tells
// that the smaller one holds, and the message goes the other way.

/** What is known of Microsoft's limits; null where nothing is. */
export interface SizeLimits {
  /** The largest encoded message that the organisation takes. */
  readonly messageBytes: number | null
  /** The longest request. */
  readonly requestBytes: number | null
  /** The smallest file that an upload session is opened for. */
  readonly sessionMinimumBytes: number | null
}

export const NOTHING_KNOWN: SizeLimits = { messageBytes: null, requestBytes: null, sessionMinimumBytes: null }

export type SizePlan =
  /** In one request. */
  { readonly road: 'send-mail' } | DraftPlan | NoRoad

/** Draft, attachments, send. Each attachment, in the order given, by one request or through an upload session. */
interface DraftPlan {
  readonly road: 'draft'
  readonly attachments: readonly ('attach' | 'session')[]
}

export type NoRoad =
  | {
      readonly road: 'none'
      readonly reason: 'body-too-large' | 'message-too-large'
      /** Of what is too large: the request without attachments, or the message encoded. */
      readonly sizeBytes: number
      readonly limitBytes: number
    }
  | {
      readonly road: 'none'
      /** `attachment-between`: too large for one request, too small for an upload session. */
      readonly reason: 'attachment-too-large' | 'attachment-between'
      /** The file as it is. */
      readonly sizeBytes: number
      readonly limitBytes: number
      /** Counted from 0. */
      readonly attachment: number
    }

/** How a message goes to Microsoft. */
export function planSize(sizes: RequestSizes, limits: SizeLimits): SizePlan {
  const draft = planDraft(sizes, limits)
  const impossible = draft.road === 'none' && draft.reason !== 'attachment-between'
  return !impossible && sizes.sendMail <= longestRequest(limits) ? { road: 'send-mail' } : draft
}

/** How it goes by draft, whether or not one request would do. */
export function planDraft(sizes: RequestSizes, limits: SizeLimits): DraftPlan | NoRoad {
  const { attachments } = sizes
  const requestBytes = longestRequest(limits)
  // Without attachments a draft takes nothing off the one request.
  const body = attachments.length === 0 ? sizes.sendMail : sizes.createDraft
  if (body > requestBytes) return { road: 'none', reason: 'body-too-large', sizeBytes: body, limitBytes: requestBytes }
  const tooLarge = attachments.findIndex(({ file }) => file > MAX_ATTACHMENT_BYTES)
  if (tooLarge >= 0) return notThisFile('attachment-too-large', tooLarge, MAX_ATTACHMENT_BYTES)
  const encodedBytes = encodedMessageBytes(sizes)
  if (limits.messageBytes !== null && encodedBytes > limits.messageBytes)
    return { road: 'none', reason: 'message-too-large', sizeBytes: encodedBytes, limitBytes: limits.messageBytes }
  const ways = attachments.map(({ file, attach }) => {
    if (attach <= requestBytes) return 'attach'
    return file >= (limits.sessionMinimumBytes ?? 0) ? 'session' : null
  })
  const between = ways.indexOf(null)
  if (between >= 0) return notThisFile('attachment-between', between, requestBytes)
  return { road: 'draft', attachments: ways.filter((way) => way !== null) }

  function notThisFile(reason: 'attachment-too-large' | 'attachment-between', index: number, limitBytes: number) {
    return { road: 'none', reason, sizeBytes: attachments[index]?.file ?? 0, limitBytes, attachment: index } as const
  }
}

/**
 * What a refusal for size tells of Microsoft's limits: `sizeBytes` is the length of the request, or the size of the
 * file. Null where it tells nothing, since no reading of Microsoft's limits explains it.
 */
export function learnLimit(
  limit: SizeLimit,
  sizeBytes: number,
): Partial<Pick<SizeLimits, 'requestBytes' | 'sessionMinimumBytes'>> | null {
  if (limit === 'request-length')
    return sizeBytes > CERTAIN_REQUEST_BYTES ? { requestBytes: CERTAIN_REQUEST_BYTES } : null
  return sizeBytes < MAX_SESSION_MINIMUM_BYTES ? { sessionMinimumBytes: sizeBytes + 1 } : null
}

function longestRequest({ requestBytes }: SizeLimits): number {
  return requestBytes ?? MAX_REQUEST_BYTES
}
