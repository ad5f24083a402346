import type { FastifyRequest } from 'fastify'
import { readJson } from '../http/body.ts'
import { addAttachment } from '../mail/add-attachment.ts'
import type { Simulation } from '../simulation.ts'
import type { MailboxItem } from '../state/store.ts'
import { sessionJson, UPLOAD_SESSION_CONTEXT, uploadUrl } from '../uploads/upload-answers.ts'
import { readAttachmentList } from './attachment-query.ts'
import { findBodyFault } from './find-body-fault.ts'
import { type GraphError, graphError } from './graph-error.ts'
import { itemId } from './item-ids.ts'
import { attachmentJson } from './message-json.ts'
import { findMessageSizeFault, MAX_ATTACHMENT_BYTES, messageSizeExceeded } from './message-size.ts'
import { readNewAttachment } from './read-message.ts'
import { readUploadItem } from './read-upload-item.ts'
import { attachmentBlobs, storeAttachment } from './store-attachment.ts'
import type { Answer, Visit } from './visit.ts'

export const NOT_A_DRAFT = graphError(400, 'ErrorInvalidPropertyUpdateSentMessage', 'Only a draft can be updated.')

type Action = (request: FastifyRequest, visit: Visit, item: MailboxItem) => Answer | GraphError

interface AttachmentActions {
  readonly attach: Action
  readonly list: Action
  readonly createSession: Action
}

/** What is done below `/messages/{id}/attachments`. */
export function createAttachmentActions(
  simulation: Simulation,
  contextOf: (request: FastifyRequest) => string,
): AttachmentActions {
  const { settings, store, uploads, registration, clock, url } = simulation

  const attachmentsContext = (request: FastifyRequest, visit: Visit, item: MailboxItem): string =>
    `${contextOf(request)}('${itemId(item, visit.idKind)}')/attachments`

  return {
    attach(request, visit, item) {
      const bodyError = findBodyFault(request, settings.current, false)
      if (bodyError !== null) return bodyError
      const reading = readNewAttachment(readJson(request.body))
      if (reading.kind === 'refused') return reading.error
      if (!item.message.isDraft) return NOT_A_DRAFT
      const { content } = reading.attachment
      const sizeError = findMessageSizeFault(item.message.body, [...sizesOf(item), content.length], settings.current)
      if (sizeError !== null) return sizeError
      const attachment = storeAttachment(reading.attachment, attachmentBlobs(simulation))
      addAttachment(item, attachment, simulation)
      return {
        status: 201,
        json: {
          '@odata.context': `${attachmentsContext(request, visit, item)}/$entity`,
          ...attachmentJson(attachment, content, clock().toISOString()),
        },
      }
    },

    list(request, visit, item) {
      const reading = readAttachmentList(new URL(request.url, url()).searchParams)
      if (reading.kind === 'refused') return reading.error
      const { select } = reading.query
      const { attachments, sentAt } = item.message
      const context = attachmentsContext(request, visit, item)
      return {
        status: 200,
        json: {
          '@odata.context': select === null ? context : `${context}(${select.join(',')})`,
          value: attachments.map((attachment) => {
            const content = select === null ? store.blobs.get(attachment.sha256) : null
            const whole = attachmentJson(attachment, content, sentAt)
            if (select === null) return whole
            const names = ['@odata.type', '@odata.mediaContentType', 'id', ...select]
            return Object.fromEntries(names.map((name) => [name, whole[name]]))
          }),
        },
      }
    },

    createSession(request, visit, item) {
      const bodyError = findBodyFault(request, settings.current, false)
      if (bodyError !== null) return bodyError
      const reading = readUploadItem(readJson(request.body))
      if (reading.kind === 'refused') return reading.error
      if (!item.message.isDraft) return NOT_A_DRAFT
      const { sizeBytes } = reading.item
      const { minSessionBytes } = settings.current
      if (sizeBytes < minSessionBytes) {
        return graphError(
          settings.current.attachmentTooSmallStatus,
          'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize',
          `The attachment size should not be less than the minimum size of ${minSessionBytes} bytes.`,
        )
      }
      if (sizeBytes > MAX_ATTACHMENT_BYTES) return messageSizeExceeded(settings.current)
      const sizeError = findMessageSizeFault(item.message.body, [...sizesOf(item), sizeBytes], settings.current)
      if (sizeError !== null) return sizeError
      const session = uploads.open({
        ...reading.item,
        mailbox: visit.address,
        draftId: item.id,
        owner: `${ownerOf(visit)}@${registration.tenantId}`,
        messageId: itemId(item, visit.idKind),
        createdAtMs: visit.nowMs,
        expiresAtMs: visit.nowMs + settings.current.uploadSessionSeconds * 1000,
        content: attachmentBlobs(simulation).begin(),
      })
      return {
        status: 201,
        json: {
          '@odata.context': UPLOAD_SESSION_CONTEXT,
          uploadUrl: uploadUrl(session, url()),
          ...sessionJson(session),
        },
      }
    },
  }
}

function sizesOf({ message }: MailboxItem): number[] {
  return message.attachments.map(({ sizeBytes }) => sizeBytes)
}

function ownerOf({ addressee }: Visit): string {
  return addressee.kind === 'person' ? addressee.person.oid : addressee.address
}
