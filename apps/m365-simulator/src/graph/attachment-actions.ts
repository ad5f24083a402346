import { addToDraft, attachmentBlobs, storeAttachment } from '../mail/attachments.ts'
import type { Settings } from '../faults/settings.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { StoredMessage } from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'
import { GraphError } from './graph-error.ts'
import { itemId } from './item-ids.ts'
import type { Visit } from './mailbox-access.ts'
import { attachmentJson } from './message-json.ts'
import { readAttachmentSelection } from './query-options.ts'
import { readAttachment, readUploadItem } from './read-message.ts'
import { readJsonObject } from './request-body.ts'
import { sessionJson, uploadUrl } from './upload-routes.ts'

/** The limit for a single attachment, whatever a tenant allows. */
const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024

/** @throws GraphError when the message exceeds the tenant's limit, which counts attachments as base64 */
export function requireAcceptableSize(
  { content }: StoredMessage['body'],
  attachmentSizesBytes: readonly number[],
  { messageSizeLimitBytes, messageTooLargeStatus }: Settings,
): void {
  const encodedBytes = attachmentSizesBytes.reduce((sum, sizeBytes) => sum + 4 * Math.ceil(sizeBytes / 3), 0)
  const isTooLarge = Buffer.byteLength(content) + encodedBytes > (messageSizeLimitBytes ?? Number.POSITIVE_INFINITY)
  if (!isTooLarge && attachmentSizesBytes.every((sizeBytes) => sizeBytes <= MAX_ATTACHMENT_BYTES)) return
  const message = 'The message exceeds the maximum supported size.'
  throw new GraphError(messageTooLargeStatus, 'ErrorMessageSizeExceeded', message)
}

/** @throws GraphError when the message was sent already */
function requireDraft({ message }: MailboxItem): void {
  if (message.isDraft) return
  throw new GraphError(400, 'ErrorInvalidPropertyUpdateSentMessage', 'Only a draft can be updated.')
}

/** The actions below `/messages/{id}/attachments`; each returns the JSON of its response. */
export function createAttachmentActions(simulation: Simulation) {
  const { settings, store, uploads, registration, clock, url } = simulation

  const requireRoom = ({ message }: MailboxItem, sizeBytes: number): void => {
    const sizes = message.attachments.map((attachment) => attachment.sizeBytes)
    requireAcceptableSize(message.body, [...sizes, sizeBytes], settings.current)
  }

  return {
    attach: (visit: Visit, item: MailboxItem): object => {
      const attachment = readAttachment(readJsonObject(visit.request, settings.current))
      requireDraft(item)
      requireRoom(item, attachment.content.length)
      const stored = storeAttachment(attachment, simulation)
      addToDraft(item, stored, simulation)
      return attachmentJson(stored, attachment.content, clock().toISOString())
    },

    list: (visit: Visit, item: MailboxItem): object => {
      const select = readAttachmentSelection(new URL(visit.request.url, url()).searchParams)
      const { attachments, sentAt } = item.message
      const value = attachments.map((attachment) => {
        if (select === null) return attachmentJson(attachment, store.blobs.get(attachment.sha256), sentAt)
        const whole = attachmentJson(attachment, null, sentAt)
        return Object.fromEntries(['@odata.type', 'id', ...select].map((name) => [name, whole[name]]))
      })
      return { value }
    },

    createSession: (visit: Visit, item: MailboxItem): object => {
      const file = readUploadItem(readJsonObject(visit.request, settings.current))
      requireDraft(item)
      const { minSessionBytes, attachmentTooSmallStatus, uploadSessionSeconds } = settings.current
      if (file.sizeBytes < minSessionBytes) {
        throw new GraphError(
          attachmentTooSmallStatus,
          'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
          `The attachment size should not be less than the minimum size of ${minSessionBytes} bytes.`,
        )
      }
      requireRoom(item, file.sizeBytes)
      const { addressee } = visit
      const owner = addressee.kind === 'person' ? addressee.person.oid : addressee.address
      const session = uploads.open({
        ...file,
        mailbox: visit.address,
        draftId: item.id,
        owner: `${owner}@${registration.tenantId}`,
        messageId: itemId(item, visit.idKind),
        createdAtMs: visit.nowMs,
        expiresAtMs: visit.nowMs + uploadSessionSeconds * 1000,
        content: attachmentBlobs(simulation).begin(),
      })
      return { uploadUrl: uploadUrl(session, url()), ...sessionJson(session) }
    },
  }
}
