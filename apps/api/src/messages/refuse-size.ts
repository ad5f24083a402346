import { MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message'
import { encodedMessageBytes, planSize, type SizePlan } from '@inforiver-mail/m365/size-plan'
import { ProblemError } from '../http/problem.ts'

/** What decides whether a large message may be submitted. */
export interface LargeMessages {
  /** Null while no mailbox is connected: a message waits then, whatever its size. */
  readonly enabled: boolean | null
  /** The largest encoded message that the organisation takes; null while that is not known. */
  readonly messageBytes: number | null
}

/** Why a message of this size cannot go, naming size, limit and remedy; null when it can. */
export function refuseSize(
  sizes: {
    bodyBytes: number
    attachmentBytes: readonly number[]
    /** More of it may follow. */
    arriving: boolean
  },
  { enabled, messageBytes }: LargeMessages,
): ProblemError | null {
  const plan = planSize(sizes, { messageBytes })
  const amount = (bytes: number) => `${sizes.arriving ? 'at least ' : ''}${bytes} bytes`
  if (plan.road === 'none') return new ProblemError('message-too-large', describe(plan, amount))
  if (plan.road === 'send-mail' || enabled !== false) return null
  const attached = sizes.attachmentBytes.reduce((sum, bytes) => sum + bytes, 0)
  return new ProblemError(
    'large-attachments-disabled',
    `The message has ${amount(attached)} of attachments, and ${amount(encodedMessageBytes(sizes))} encoded for Microsoft; without large file attachments at most ${MAX_REQUEST_BYTES} encoded bytes fit, which is about 3 MB of files. A workspace admin enables large file attachments at Tenant Settings > Office 365 SMTP; or send less, or a link to the file.`,
  )
}

function describe(
  { reason, sizeBytes, limitBytes, attachment }: Extract<SizePlan, { road: 'none' }>,
  amount: (bytes: number) => string,
): string {
  switch (reason) {
    case 'body-too-large':
      return `Without attachments the message has ${amount(sizeBytes)}; Microsoft takes at most ${limitBytes}. Shorten it, or send the text as an attachment.`
    case 'attachment-too-large':
      return `Attachment ${attachment} has ${amount(sizeBytes)}; Microsoft takes at most ${limitBytes} (150 MB). Send a link to the file.`
    case 'message-too-large':
      return `Encoded for Microsoft the message has ${amount(sizeBytes)}; the organisation has refused one of ${limitBytes + 1} bytes today. Send less, or a link to the file, or have an Exchange administrator raise the message size limit of the mailbox; a higher limit is noticed within a day.`
  }
}
