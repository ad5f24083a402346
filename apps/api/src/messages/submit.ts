import { createHash } from 'node:crypto'
import type { Attachment, Message, MessagePriority } from '@inforiver-mail/contract/message'
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

interface Sealing extends Submission {
  readonly id: string
  readonly tenantId: string
  /** Null for an admin, who submits on the page. */
  readonly service: string | null
  /** The row that its attachments are stored under in chunks; null when the content includes them. */
  readonly receiving: ReceivingMessage | null
  /** Null where nothing is traced. */
  readonly traceparent: string | null
}

/** Seals the content of a message under a key of its own. */
export type SealMessage = (submission: Sealing) => Promise<NewMessage>

export function createSealing({ contentKeys, random }: { contentKeys: ContentKeys; random: RandomBytes }): SealMessage {
  return async (submission) => {
    const { id, tenantId, service, content, receiving, traceparent } = submission
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

interface Submitting extends Omit<Sealing, 'id'> {
  readonly idempotencyKey: string | null
  /** Identifies the content for the idempotency key; null to take a hash of the submission. */
  readonly contentHash: string | null
}

/** Stores a message for delivery. */
export type Submit = (
  submission: Submitting,
) => Promise<{ readonly outcome: 'stored'; readonly message: Message } | Exclude<Stored, { outcome: 'stored' }>>

export function createSubmit({ seal, newId, ...deps }: StoringDeps & { seal: SealMessage; newId: NewId }): Submit {
  const storeSealed = createStoring(deps)
  return async (submission) => {
    const { idempotencyKey, contentHash } = submission
    const idempotency =
      idempotencyKey === null ? null : { key: idempotencyKey, contentHash: contentHash ?? hashSubmission(submission) }
    const submitted = await storeSealed(
      async () => [await seal({ ...submission, id: submission.receiving?.id ?? newId('message') })],
      idempotency,
    )
    if (submitted.outcome !== 'stored') return submitted
    const [message] = submitted.messages
    if (!message) throw new Error('A batch of one has a message.')
    return { outcome: 'stored', message }
  }
}

interface StoringDeps {
  readonly store: Pick<Messages, 'submit'>
  readonly contentKeys: Pick<ContentKeys, 'dataKeyGone'>
}

type Stored = Exclude<Submitted, { outcome: 'data-key-gone' }>

/** Stores messages, which are sealed anew where the data key was deleted meanwhile. */
export function createStoring({ store, contentKeys }: StoringDeps) {
  return async function storeSealed(
    sealAll: () => Promise<NewBatch['messages']>,
    idempotency: NewBatch['idempotency'],
  ): Promise<Stored> {
    const messages = await sealAll()
    const submitted = await store.submit({ messages, idempotency })
    if (submitted.outcome !== 'data-key-gone') return submitted
    const [{ tenantId }] = messages
    for (const dataKey of new Set(messages.map((message) => message.dataKey)))
      await contentKeys.dataKeyGone(tenantId, dataKey)
    return storeSealed(sealAll, idempotency)
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
