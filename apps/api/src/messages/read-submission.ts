import { createHash } from 'node:crypto'
import { MAX_ATTACHMENTS, type MessageInput } from '@inforiver-mail/contract/message-input'
import type { ContentAttachment, MessageContent } from '@inforiver-mail/m365/message-content'
import libmime from 'libmime'
import { refuseInput } from '../http/input-faults.ts'
import type { ReceivedPart } from './attachment-intake.ts'
import { showEnding } from '../domain/file-name.ts'
import type { Submission } from './submit.ts'
import type { Fault } from '../http/problem.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

/**
 * Joins the message with the parts that came along.
 *
 * @throws {ProblemError} `invalid-input` with every fault by path
 */
export function toSubmission(input: MessageInput, parts: readonly ReceivedPart[]): Submission {
  const asked = toContent(input, parts)
  return {
    content: { ...asked, attachments: asked.attachments.map(typedByName) },
    // Hashed without the type that a name tells, as in version 1.5: it recognises a repetition across the upgrade.
    askedAttachments: asked.attachments,
    reference: input.reference ?? null,
    sendAt: input.sendAt === undefined ? null : new Date(input.sendAt),
    priority: input.priority,
    expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
    onUnknownOutcome: input.onUnknownOutcome,
  }
}

/** An attachment, and whether nothing but its name tells its type. */
type AskedAttachment = ContentAttachment & { readonly isUntyped: boolean }
type AskedContent = Omit<MessageContent, 'attachments'> & { readonly attachments: readonly AskedAttachment[] }

function toContent(input: MessageInput, parts: readonly ReceivedPart[]): AskedContent {
  const faults: Fault[] = []
  const described = new Map<number, AskedAttachment>()
  const inline: AskedAttachment[] = []
  input.attachments.forEach((attachment, index) => {
    if (!('part' in attachment)) {
      inline.push(toInline(attachment))
      return
    }
    const path = `attachments[${index}]`
    const part = parts[attachment.part]
    if (!part) faults.push({ path: `${path}.part`, message: fault('part-missing', { part: attachment.part }) })
    else if (described.has(attachment.part)) faults.push({ path: `${path}.part`, message: fault('part-twice') })
    else {
      if (attachment.sha256 && attachment.sha256.toLowerCase() !== part.sha256) {
        faults.push({ path: `${path}.sha256`, message: fault('part-changed') })
      }
      described.set(attachment.part, fromPart(part, attachment.part, attachment))
    }
  })
  const count = inline.length + parts.length
  if (count > MAX_ATTACHMENTS)
    faults.push({
      path: 'attachments',
      message: fault('too-many-attachments-in-all', { max: MAX_ATTACHMENTS, count: count }),
    })
  if (faults.length > 0) throw refuseInput(faults)
  const attachments = [...inline, ...parts.map((part, index) => described.get(index) ?? fromPart(part, index))]
  const { to, cc, bcc, replyTo, subject, html, text, headers, importance, saveToSentItems } = input
  const { requestReadReceipt, requestDeliveryReceipt } = input
  return {
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
    // Left out where they are not asked for, as before they existed: the content is compared under an idempotency key.
    ...(requestReadReceipt && { requestReadReceipt }),
    ...(requestDeliveryReceipt && { requestDeliveryReceipt }),
  }
}

function typedByName({ isUntyped, ...attachment }: AskedAttachment): ContentAttachment {
  return isUntyped ? { ...attachment, contentType: libmime.detectMimeType(attachment.filename) } : attachment
}

/** Says nothing about a file; libraries write it where they know nothing. */
const ANY_BYTES = 'application/octet-stream'

type InlineInput = Extract<MessageInput['attachments'][number], { content: string }>

function toInline({ filename, contentType, content: base64, contentId }: InlineInput): AskedAttachment {
  const content = Buffer.from(base64, 'base64')
  return {
    filename: showEnding(filename) || 'attachment',
    contentType: contentType ?? ANY_BYTES,
    isUntyped: contentType === undefined,
    contentId: contentId ?? null,
    sizeBytes: content.length,
    sha256: sha256(content),
    content,
  }
}

/** What the message says about a part takes precedence over what the part says itself. */
function fromPart(
  part: ReceivedPart,
  number: number,
  said: { filename?: string; contentType?: string; contentId?: string } = {},
): AskedAttachment {
  const facts = {
    filename: showEnding(said.filename ?? part.filename ?? '') || `attachment-${number + 1}`,
    contentType: said.contentType ?? part.contentType ?? 'text/plain',
    isUntyped: said.contentType === undefined && (part.contentType ?? ANY_BYTES) === ANY_BYTES,
    contentId: said.contentId ?? null,
    sizeBytes: part.sizeBytes,
    sha256: part.sha256,
  }
  return part.content ? { ...facts, content: part.content } : { ...facts, part: number }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
