import { MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message'
import type { RequestSizes } from '@inforiver-mail/m365/request-sizes'
import { type NoRoute, planSize, type SizeLimits } from '@inforiver-mail/m365/size-plan'
import { ProblemError } from '../http/problem.ts'

/** What decides whether a large message may be submitted. */
export interface LargeMessages {
  /** Null while no mailbox is connected: a message waits then, whatever its size. */
  readonly enabled: boolean | null
  /** Whom it would leave from; null while no mailbox is connected. */
  readonly fromEmail: string | null
  /** What Microsoft's refusals have told. */
  readonly limits: SizeLimits
}

/** Why a message of this size cannot go, naming size, limit and remedy; null when it can. */
export function refuseSize(sizes: RequestSizes, large: LargeMessages): ProblemError | null {
  return refuse(sizes, large, '')
}

/** As `refuseSize`, of a message of which more may follow. */
export function refuseArriving(sizes: RequestSizes, large: LargeMessages): ProblemError | null {
  // A file that is too small for an upload session may still grow.
  const limits = { ...large.limits, sessionMinimumBytes: null }
  return refuse(sizes, { ...large, limits }, 'at least ')
}

function refuse(sizes: RequestSizes, { enabled, limits }: LargeMessages, atLeast: string): ProblemError | null {
  const plan = planSize(sizes, limits)
  const amount = (bytes: number) => `${atLeast}${bytes} bytes`
  if (plan.kind === 'none') return new ProblemError('message-too-large', describe(plan, amount))
  if (plan.kind === 'send-mail' || enabled !== false) return null
  const attached = sizes.attachments.reduce((sum, { file }) => sum + file, 0)
  return new ProblemError(
    'large-attachments-disabled',
    `The message has ${amount(attached)} of attachments, and ${amount(sizes.sendMail)} encoded for Microsoft; without large file attachments at most ${limits.requestBytes ?? MAX_REQUEST_BYTES} encoded bytes fit, which is about 3 MB of files. A workspace admin enables large file attachments at Tenant Settings > Office 365 SMTP; or send less, or a link to the file.`,
  )
}

function describe({ reason, sizeBytes, limitBytes, ...rest }: NoRoute, amount: (bytes: number) => string): string {
  const file = 'attachment' in rest ? `Attachment ${rest.attachment + 1}` : ''
  switch (reason) {
    case 'body-too-large':
      return `Without attachments the message has ${amount(sizeBytes)}; Microsoft takes at most ${limitBytes}. Shorten it, or send the text as an attachment.`
    case 'attachment-too-large':
      return `${file} has ${amount(sizeBytes)}; Microsoft takes at most ${limitBytes} (150 MB). Send a link to the file.`
    case 'attachment-between':
      return `${file} has ${amount(sizeBytes)}, and a third more encoded: too much for one request to Microsoft, which has at most ${limitBytes} bytes, and too little for an upload session, which Microsoft refused for files of this size today. Send less, for example compressed, or a link to the file.`
    case 'message-too-large':
      return `Encoded for Microsoft the message has ${amount(sizeBytes)}; the organisation has refused one of ${limitBytes + 1} bytes today. Send less, or a link to the file, or have an Exchange administrator raise the message size limit of the mailbox; a higher limit is noticed within a day.`
  }
}
