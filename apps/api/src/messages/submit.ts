import { createHash } from 'node:crypto'
import type { Attachment, MessagePriority } from '@inforiver-mail/contract/message'
import { createContentCipher } from '@inforiver-mail/m365/content-cipher'
import {
  describeContent,
  writeContent,
  type ContentAttachment,
  type MessageContent,
} from '@inforiver-mail/m365/message-content'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { ContentKeys } from '../vault/content-keys.ts'
import type { NewId } from '../runtime/ids.ts'
import type { ReceivingMessage } from './attachment-intake.ts'
import type { Messages } from '../queue/queue.ts'
import type { NewBatch, NewMessage } from '../queue/intake/insert-messages.ts'
import type { Submitted } from '../queue/intake/submit.ts'

/** What messages of the page are listed under. A service may have this name too. */
const SERVICE_OF_THE_PAGE = 'tenant-settings'

/** What a client asks for; asking for the same again under one key is a repetition. */
export interface Submission {
  readonly content: MessageContent
  /** The attachments with the types that were asked for, where those of the content come from their names. */
  readonly askedAttachments?: MessageContent['attachments']
  readonly reference: string | null
  readonly sendAt: Date | null
  readonly priority: MessagePriority
  readonly expiresAt: Date | null
  readonly onUnknownOutcome: 'retry' | 'stop'
}

/** Messages to store, all or none. */
export interface Submitting {
  readonly tenantId: string
  /** Null for an admin, who submits on the page. */
  readonly service: string | null
  readonly submissions: readonly Submission[]
  /** The row that the attachments of the only message are stored under in chunks; null when the content includes them. */
  readonly receiving: ReceivingMessage | null
  readonly idempotency: NewBatch['idempotency']
  /** Null where nothing is traced. */
  readonly traceparent: string | null
}

export type Submit = (submitting: Submitting) => Promise<Exclude<Submitted, { outcome: 'data-key-gone' }>>

/** Seals the content of each message under a key of its own, and stores them for delivery. */
export function createSubmit({
  store,
  contentKeys,
  random,
  newId,
}: {
  store: Pick<Messages, 'submit'>
  contentKeys: ContentKeys
  random: RandomBytes
  newId: NewId
}): Submit {
  return async function submit(submitting) {
    const { tenantId, submissions, receiving, idempotency } = submitting
    // Lists sort messages of the same moment by id.
    const ids = receiving ? [receiving.id] : submissions.map(() => newId('message')).toSorted()
    const messages = await Promise.all(
      submissions.map((submission, place) => seal(submission, ids[place] as string, submitting)),
    )
    const submitted = await store.submit({ messages: messages as [...NewBatch['messages']], idempotency })
    if (submitted.outcome !== 'data-key-gone') return submitted
    for (const dataKey of new Set(messages.map((message) => message.dataKey)))
      await contentKeys.dataKeyGone(tenantId, dataKey)
    return submit(submitting)
  }

  async function seal(
    submission: Submission,
    id: string,
    { tenantId, service, receiving, traceparent }: Submitting,
  ): Promise<NewMessage> {
    const { content } = submission
    const { dataKey, contentKey } = receiving ?? (await contentKeys.forNewMessage({ id, tenantId }))
    const body = writeContent(content)
    const place = { tenant: tenantId, message: id, part: 'body', chunk: 0, last: true }
    const sealed = createContentCipher(contentKey, random).seal(body, place)
    const attachments = content.mime?.attachments ?? content.attachments.map(toAttachment)
    const openBytes = openBytesOf(submission, attachments)
    return {
      id,
      tenantId,
      service: service ?? SERVICE_OF_THE_PAGE,
      ofPage: service === null,
      to: content.to,
      cc: content.cc,
      bcc: content.bcc,
      recipients: content.to.length + content.cc.length + content.bcc.length,
      subject: content.subject,
      reference: submission.reference,
      sendAt: submission.sendAt,
      priority: submission.priority,
      expiresAt: submission.expiresAt,
      requestReadReceipt: content.requestReadReceipt ?? false,
      requestDeliveryReceipt: content.requestDeliveryReceipt ?? false,
      onUnknownOutcome: submission.onUnknownOutcome,
      saveToSentItems: content.saveToSentItems,
      attachments,
      attachmentBytes: content.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      receiving: receiving !== null,
      storedBytes: sealed.length + (receiving?.chunkBytes ?? 0),
      openBytes,
      addedBytes: openBytes + sealed.length + (receiving ? receiving.chunkBytes - receiving.reservedBytes : 0),
      dataKey,
      content: sealed,
      traceparent,
    }
  }
}

function toAttachment({ filename, contentType, sizeBytes, contentId }: ContentAttachment): Attachment {
  return { filename, contentType, sizeBytes, inline: contentId !== null }
}

function openBytesOf(
  { content: { to, cc, bcc, subject }, reference }: Submission,
  attachments: readonly Attachment[],
): number {
  const texts = [...[to, cc, bcc, attachments].map((list) => JSON.stringify(list)), subject, reference ?? '']
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

/**
 * Hashes what was parsed, in the order of the schema: neither white space nor the order of fields counts. Fields that
 * were added later are left out where they have their default, so that a repetition is recognised across an upgrade.
 */
export function hashSubmission({ content, reference, sendAt, onUnknownOutcome, ...later }: Submission): string {
  const { askedAttachments: attachments = content.attachments, priority, expiresAt } = later
  const added = { ...(priority !== 'normal' && { priority }), ...(expiresAt && { expiresAt }) }
  return createHash('sha256')
    .update(describeContent({ ...content, attachments }))
    .update(JSON.stringify({ reference, sendAt, onUnknownOutcome, ...added }))
    .digest('base64url')
}

/** Hashes the parsed batch. A batch of one has another hash than its message alone. */
export function hashBatch(submissions: readonly Submission[]): string {
  return createHash('sha256')
    .update(JSON.stringify({ batch: submissions.map(hashSubmission) }))
    .digest('base64url')
}
