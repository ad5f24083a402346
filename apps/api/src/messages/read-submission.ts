import { createHash } from 'node:crypto'
import { MAX_REQUEST_BYTES, type MessageInput } from '@inforiver-mail/contract/message'
import type { InputFault } from '@inforiver-mail/contract/problem'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import type { OutgoingAttachment } from '@inforiver-mail/m365/outgoing-message'
import { ProblemError } from '../http/problem.ts'

/** A part `attachment` of a multipart request. */
export interface ReceivedPart {
  readonly filename: string | null
  readonly contentType: string | null
  readonly content: Buffer
}

/**
 * Joins the message with the parts that came along.
 *
 * @throws {ProblemError} `invalid-input` with every fault by path, or `message-too-large`.
 */
export function toContent(input: MessageInput, parts: readonly ReceivedPart[] = []): MessageContent {
  const faults: InputFault[] = []
  const described = new Map<number, OutgoingAttachment>()
  const inline: OutgoingAttachment[] = []
  input.attachments.forEach((attachment, index) => {
    if (!('part' in attachment)) {
      const { filename, contentType, content, contentId } = attachment
      inline.push({ filename, contentType, content: Buffer.from(content, 'base64'), contentId: contentId ?? null })
      return
    }
    const path = `attachments[${index}]`
    const part = parts[attachment.part]
    if (!part) faults.push({ path: `${path}.part`, message: `There is no part attachment number ${attachment.part}.` })
    else if (described.has(attachment.part))
      faults.push({ path: `${path}.part`, message: 'This part is described twice.' })
    else {
      if (attachment.sha256 && attachment.sha256.toLowerCase() !== sha256(part.content)) {
        faults.push({ path: `${path}.sha256`, message: 'The part arrived with other content.' })
      }
      described.set(attachment.part, {
        filename: attachment.filename ?? part.filename ?? `attachment-${attachment.part + 1}`,
        contentType: attachment.contentType ?? part.contentType ?? 'application/octet-stream',
        content: part.content,
        contentId: attachment.contentId ?? null,
      })
    }
  })
  const [fault] = faults
  if (fault)
    throw new ProblemError(
      'invalid-input',
      faults.length === 1 ? `${fault.path}: ${fault.message}` : `${faults.length} faults, listed in errors.`,
      { errors: faults },
    )
  const attachments = [...inline, ...parts.map((part, index) => described.get(index) ?? undescribed(part, index))]
  const { to, cc, bcc, replyTo, subject, html, text, headers, importance, saveToSentItems } = input
  const content: MessageContent = {
    to,
    cc,
    bcc,
    replyTo,
    subject,
    html: html ?? null,
    text: text ?? null,
    attachments,
    headers: Object.fromEntries(Object.entries(headers).toSorted(([one], [other]) => (one < other ? -1 : 1))),
    importance,
    saveToSentItems,
  }
  refuseTooLarge(content)
  return content
}

function undescribed({ filename, contentType, content }: ReceivedPart, index: number): OutgoingAttachment {
  return {
    filename: filename ?? `attachment-${index + 1}`,
    contentType: contentType ?? 'application/octet-stream',
    content,
    contentId: null,
  }
}

/** What does not fit one request to Graph cannot go this way. */
function refuseTooLarge({ attachments, ...rest }: MessageContent): void {
  const attachmentBytes = attachments.reduce((sum, { content }) => sum + content.length, 0)
  const encodedBytes = attachments.reduce((sum, { content }) => sum + Math.ceil(content.length / 3) * 4, 0)
  const sizeBytes = encodedBytes + Buffer.byteLength(JSON.stringify(rest))
  if (sizeBytes <= MAX_REQUEST_BYTES) return
  throw new ProblemError(
    'message-too-large',
    `Encoded for Microsoft the message has ${sizeBytes} bytes (attachments: ${attachmentBytes} before encoding); at most ${MAX_REQUEST_BYTES} fit, which is about 3 MB of attachments. Send less, or a link to the file.`,
  )
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
