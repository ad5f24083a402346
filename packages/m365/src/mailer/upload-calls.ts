import { worded } from '../explanation.ts'
import type { AttachmentItem } from '@microsoft/microsoft-graph-types'
import { z } from 'zod'
import { optionalText, readJson } from '../json.ts'
import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { asRepeatable, isGone, type Answered, type CallOptions, type Exchange, type Gone } from './graph-exchange.ts'
import { hasMark } from './is-from-graph.ts'
import { messagePath } from './mailbox-path.ts'
import type { OutgoingAttachment } from './outgoing-message.ts'
import { toGraphAttachment } from './send-mail-request.ts'
import { readSession, uploadUrlFailure, type UploadSession } from './upload-session.ts'

const MAX_PAGES = 20
const OF_DRAFT = { draft: 'changed' } as const

/** Exchange counts what it stores besides the content: 237 bytes of a small file, a twentieth of one of 3.5 MB. */
const MAX_OVERHEAD_BYTES = 65_536
const MAX_OVERHEAD_SHARE = 0.1

const AttachmentPage = z.object({
  value: z.array(z.object({ name: optionalText, size: z.number().nullable().catch(null) })),
  '@odata.nextLink': optionalText,
})

export type AttachFileOutcome =
  /** `isConfirmed`: Microsoft says so itself. Else only the draft shows whether the file is on it. */
  { readonly outcome: 'attached'; readonly isConfirmed: boolean } | Gone | Failure

/** An attachment that is complete. Its size is that which Exchange says, and no smaller than that of the file. */
export interface DraftAttachment {
  readonly name: string | null
  readonly size: number | null
}

export type ListAttachmentsOutcome =
  | { readonly outcome: 'listed'; readonly attachments: readonly DraftAttachment[] }
  | Gone
  | Failure

export type CreateUploadSessionOutcome =
  | { readonly outcome: 'created'; readonly session: UploadSession }
  | Gone
  | Failure

export interface UploadFile extends Omit<OutgoingAttachment, 'content'> {
  readonly sizeBytes: number
}

/** Puts files on a draft. All calls need `Mail.ReadWrite`. */
export type UploadCalls = ReturnType<typeof createUploadCalls>

export function createUploadCalls(exchange: Exchange) {
  return {
    /** Attaches a file in one request, where `planSize` says `attach`. */
    async attachFile(
      draftId: string,
      file: OutgoingAttachment,
      { accessToken, signal, mailbox }: CallOptions,
    ): Promise<AttachFileOutcome> {
      const request = { path: attachmentsPath(mailbox, draftId), body: toGraphAttachment(file) }
      const reply = await exchange({ method: 'POST', ...request, immutableIds: true, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      if (reply.status === 201) return { outcome: 'attached', isConfirmed: isOfGraph(reply, file) }
      return isGone(reply.answer) ? { outcome: 'gone' } : classifyFailure(reply.answer, OF_DRAFT)
    },

    /** Lists the attachments that are complete, inline images included. Never `unknown`. */
    async listAttachments(
      draftId: string,
      { accessToken, signal, mailbox }: CallOptions,
    ): Promise<ListAttachmentsOutcome> {
      const attachments: DraftAttachment[] = []
      // Without `$top`, which this list does not support; usually it comes whole (reported at msgraph-metadata).
      let query: string | null = '?$select=id,name,size'
      for (let page = 0; query !== null && page < MAX_PAGES; page += 1) {
        const path = `${attachmentsPath(mailbox, draftId)}${query}`
        const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
        if (!reply.answered) return asRepeatable(classifyConnectionFailure(reply.error))
        const listed = reply.status === 200 ? readJson(reply.text, AttachmentPage) : null
        if (!listed)
          return isGone(reply.answer) ? { outcome: 'gone' } : asRepeatable(classifyFailure(reply.answer, OF_DRAFT))
        attachments.push(...listed.value)
        query = queryOf(listed['@odata.nextLink'])
      }
      return query === null ? { outcome: 'listed', attachments } : ENDLESS_LIST
    },

    /** Never `unknown`: an unused session has no effect. */
    async createUploadSession(
      draftId: string,
      file: UploadFile,
      { accessToken, signal, mailbox }: CallOptions,
    ): Promise<CreateUploadSessionOutcome> {
      const path = `${attachmentsPath(mailbox, draftId)}/createUploadSession`
      const body = { AttachmentItem: toAttachmentItem(file) }
      const reply = await exchange({ method: 'POST', path, body, immutableIds: true, accessToken, signal })
      if (!reply.answered) return asRepeatable(classifyConnectionFailure(reply.error))
      const session = [200, 201].includes(reply.status) ? readSession(reply.text) : null
      if (session) return uploadUrlFailure(session.uploadUrl) ?? { outcome: 'created', session }
      return isGone(reply.answer) ? { outcome: 'gone' } : asRepeatable(classifyFailure(reply.answer, OF_DRAFT))
    },
  }
}

/** Whether the last of the files that a draft should have by now is among its attachments, by name and size. */
export function isLastAttached(
  files: readonly { readonly filename: string; readonly sizeBytes: number }[],
  attachments: readonly DraftAttachment[],
): boolean {
  const last = files.at(-1)
  if (!last) return false
  const mayBeLast = (name: string | null, size: number | null) =>
    name === last.filename &&
    size !== null &&
    size >= last.sizeBytes &&
    size <= last.sizeBytes * (1 + MAX_OVERHEAD_SHARE) + MAX_OVERHEAD_BYTES
  const alike = files.filter(({ filename, sizeBytes }) => mayBeLast(filename, sizeBytes))
  return attachments.filter(({ name, size }) => mayBeLast(name, size)).length >= alike.length
}

const AttachedFile = z.object({ id: z.string(), name: z.string(), size: z.number() })

/** Graph marks its answer, and names the attachment where a gateway strips the marks. */
function isOfGraph({ headers, text }: Answered, { filename }: OutgoingAttachment): boolean {
  return hasMark(headers) || readJson(text, AttachedFile)?.name === filename
}

const ENDLESS = { detail: ['graph-endless-list'] }
const ENDLESS_LIST: Failure = {
  outcome: 'unavailable',
  retryAfter: null,
  microsoftCode: null,
  requestId: null,
  detail: worded(ENDLESS).detail,
  values: ENDLESS,
}

function attachmentsPath(mailbox: CallOptions['mailbox'], draftId: string): string {
  return `${messagePath(mailbox, draftId)}/attachments`
}

/** Follows only the query of the link to the next page, so that the token stays with its host. */
function queryOf(nextLink: string | null): string | null {
  return nextLink === null ? null : nextLink.replace(/^[^?]*/, '')
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
