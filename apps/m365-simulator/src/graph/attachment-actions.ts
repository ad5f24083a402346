import { addToDraft, attachmentBlobs, storeAttachment } from '../mail/attachments.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { MailboxItem } from '../tenant/store.ts'
import { GraphError } from './graph-error.ts'
import { itemId } from './item-ids.ts'
import type { Visit } from './mailbox-access.ts'
import { attachmentJson } from './message-json.ts'
import { requireAcceptableSize } from './message-size.ts'
import { readAttachmentSelection } from './query-options.ts'
import { readAttachment, readUploadItem } from './read-message.ts'
import { readJsonObject } from './request-body.ts'
import { sessionJson, uploadUrl } from './upload-routes.ts'

/** @throws GraphError when the message was sent already */
export function requireDraft({ message }: MailboxItem): void {
  if (message.isDraft) return
  throw new GraphError(400, 'ErrorInvalidPropertyUpdateSentMessage', 'Only a draft can be updated.')
}

/** The actions below `/messages/{id}/attachments`; each returns the JSON of its response. */
export function createAttachmentActions(simulation: Simulation, contextOf: (visit: Visit) => string) {
  const { settings, store, uploads, registration, clock, url } = simulation

  const attachmentsContext = (visit: Visit, item: MailboxItem): string =>
    `${contextOf(visit)}('${itemId(item, visit.idKind)}')/attachments`

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
      return {
        '@odata.context': `${attachmentsContext(visit, item)}/$entity`,
        ...attachmentJson(stored, attachment.content, clock().toISOString()),
      }
    },

    list: (visit: Visit, item: MailboxItem): object => {
      const select = readAttachmentSelection(new URL(visit.request.url, url()).searchParams)
      const context = attachmentsContext(visit, item)
      const { attachments, sentAt } = item.message
      if (select === null) {
        const value = attachments.map((attachment) =>
          attachmentJson(attachment, store.blobs.get(attachment.sha256), sentAt),
        )
        return { '@odata.context': context, value }
      }
      const names = ['@odata.type', '@odata.mediaContentType', 'id', ...select]
      const value = attachments.map((attachment) => {
        const whole = attachmentJson(attachment, null, sentAt)
        return Object.fromEntries(names.map((name) => [name, whole[name]]))
      })
      return { '@odata.context': `${context}(${select.join(',')})`, value }
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
      const { '@odata.context': context, ...status } = sessionJson(session)
      return { '@odata.context': context, uploadUrl: uploadUrl(session, url()), ...status }
    },
  }
}
