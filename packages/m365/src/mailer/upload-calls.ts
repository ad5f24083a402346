import type { AttachmentItem } from '@microsoft/microsoft-graph-types'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { isGone, withoutDoubt, type CallOptions, type Exchange, type Gone } from './graph-exchange.ts'
import { messagePath } from './mailbox-path.ts'
import type { OutgoingAttachment } from './outgoing-message.ts'
import { toGraphAttachment } from './send-mail-request.ts'
import { sessionFromAnswer, uploadUrlFailure, type UploadSession } from './upload-session.ts'

const MAX_PAGES = 20

export type AttachFileOutcome = { readonly outcome: 'attached' } | Gone | Failure

export type CountAttachmentsOutcome = { readonly outcome: 'counted'; readonly count: number } | Gone | Failure

export type CreateUploadSessionOutcome =
  | { readonly outcome: 'created'; readonly session: UploadSession }
  | Gone
  | Failure

export interface UploadFile extends Omit<OutgoingAttachment, 'content'> {
  readonly sizeBytes: number
}

/** Files for a draft. They need `Mail.ReadWrite`. */
export interface UploadCalls {
  /** In one request: for what `planSize` calls `attach`. */
  attachFile(draftId: string, file: OutgoingAttachment, options: CallOptions): Promise<AttachFileOutcome>
  /** Of the attachments that are complete, inline images among them. Never `unknown`. */
  countAttachments(draftId: string, options: CallOptions): Promise<CountAttachmentsOutcome>
  /** Never `unknown`: a session more or less does nothing. */
  createUploadSession(draftId: string, file: UploadFile, options: CallOptions): Promise<CreateUploadSessionOutcome>
}

export function createUploadCalls(exchange: Exchange): UploadCalls {
  return {
    async attachFile(draftId, file, { accessToken, signal, mailbox }) {
      const request = { path: attachmentsPath(mailbox, draftId), body: toGraphAttachment(file) }
      const reply = await exchange({ method: 'POST', ...request, immutableIds: true, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      if (reply.status === 201) return { outcome: 'attached' }
      return isGone(reply.answer) ? { outcome: 'gone' } : classifyFailure(reply.answer)
    },

    async countAttachments(draftId, { accessToken, signal, mailbox }) {
      let count = 0
      // No `$top`: this list knows none, and as a rule it comes whole (reported at msgraph-metadata).
      let query: string | null = '?$select=id'
      for (let page = 0; query !== null && page < MAX_PAGES; page += 1) {
        const path = `${attachmentsPath(mailbox, draftId)}${query}`
        const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
        if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
        const body = reply.status === 200 ? parseJson(reply.text) : null
        const attachments = member(body, 'value')
        if (!Array.isArray(attachments))
          return isGone(reply.answer) ? { outcome: 'gone' } : withoutDoubt(classifyFailure(reply.answer))
        count += attachments.length
        query = nextQuery(body)
      }
      return query === null ? { outcome: 'counted', count } : ENDLESS
    },

    async createUploadSession(draftId, file, { accessToken, signal, mailbox }) {
      const path = `${attachmentsPath(mailbox, draftId)}/createUploadSession`
      const body = { AttachmentItem: toAttachmentItem(file) }
      const reply = await exchange({ method: 'POST', path, body, immutableIds: true, accessToken, signal })
      if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
      const session = [200, 201].includes(reply.status) ? sessionFromAnswer(parseJson(reply.text)) : null
      if (session) return uploadUrlFailure(session.uploadUrl) ?? { outcome: 'created', session }
      return isGone(reply.answer) ? { outcome: 'gone' } : withoutDoubt(classifyFailure(reply.answer))
    },
  }
}

const ENDLESS: Failure = {
  outcome: 'unavailable',
  retryAfter: null,
  microsoftCode: null,
  requestId: null,
  detail: 'The list of attachments that Microsoft gave does not end.',
}

function attachmentsPath(mailbox: CallOptions['mailbox'], draftId: string): string {
  return `${messagePath(mailbox, draftId)}/attachments`
}

/** Of the link to the next page only the query is followed, so that the token stays where it belongs. */
function nextQuery(page: unknown): string | null {
  const link = member(page, '@odata.nextLink')
  return typeof link === 'string' ? link.replace(/^[^?]*/, '') : null
}

function toAttachmentItem({ filename, contentType, contentId, sizeBytes }: UploadFile): AttachmentItem {
  return {
    attachmentType: 'file',
    name: filename,
    size: sizeBytes,
    contentType,
    isInline: contentId !== null,
    ...(contentId !== null && { contentId }),
  }
}
