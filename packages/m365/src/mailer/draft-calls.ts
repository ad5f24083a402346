import { classifyConnectionFailure, classifyFailure, type Failure } from './classify-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { isGone, withoutDoubt, type Exchange } from './graph-exchange.ts'
import type { CallOptions, SendOutcome } from './graph-mailer.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { toGraphMessage } from './send-mail-request.ts'

export type CreateDraftOutcome = { readonly outcome: 'created'; readonly draftId: string } | Failure

/** The id names nothing in the mailbox: deleted, or never there. */
interface Gone {
  readonly outcome: 'gone'
}

export type SendDraftOutcome = SendOutcome | Gone

export type ReadDraftOutcome = { readonly outcome: 'draft' } | { readonly outcome: 'sent' } | Gone | Failure

export type DeleteMessageOutcome = { readonly outcome: 'deleted' } | Gone | Failure

/** Drafts by their immutable id, which they keep when they are sent and when they are moved within the mailbox. */
export interface DraftCalls {
  /** Needs `Mail.ReadWrite`, like reading and deleting. `saveToSentItems` does not apply: a sent draft is kept. */
  createDraft(message: OutgoingMessage, options: CallOptions): Promise<CreateDraftOutcome>
  /** `gone`: it was sent already, and its copy is not in place yet; or it was deleted. */
  sendDraft(draftId: string, options: CallOptions): Promise<SendDraftOutcome>
  /** Never `unknown`. `gone` right after sending means little: the copy appears late. */
  readDraft(draftId: string, options: CallOptions): Promise<ReadDraftOutcome>
  /** Never `unknown`. Of a draft as well as of a message that was sent. */
  deleteMessage(id: string, options: CallOptions): Promise<DeleteMessageOutcome>
}

export function createDraftCalls(exchange: Exchange): DraftCalls {
  return {
    async createDraft(message, { accessToken, signal, ...context }) {
      const body = toGraphMessage(message)
      const reply = await exchange({
        method: 'POST',
        path: '/me/messages',
        body,
        immutableIds: true,
        accessToken,
        signal,
      })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const draftId = reply.status === 201 ? member(parseJson(reply.text), 'id') : null
      if (typeof draftId === 'string' && draftId !== '') return { outcome: 'created', draftId }
      return classifyFailure(reply.answer, context)
    },

    async sendDraft(draftId, { accessToken, signal, ...context }) {
      const path = `${pathOf(draftId)}/send`
      const reply = await exchange({ method: 'POST', path, immutableIds: true, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const { requestId, retryAfter } = reply.answer
      if (reply.status === 202) return { outcome: 'sent', retryAfter, requestId }
      return isGone(reply.answer) ? { outcome: 'gone' } : classifyFailure(reply.answer, context)
    },

    async readDraft(draftId, { accessToken, signal }) {
      const path = `${pathOf(draftId)}?$select=id,isDraft,parentFolderId`
      const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
      if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
      const isDraft = reply.status === 200 ? member(parseJson(reply.text), 'isDraft') : null
      if (typeof isDraft === 'boolean') return { outcome: isDraft ? 'draft' : 'sent' }
      return isGone(reply.answer) ? { outcome: 'gone' } : withoutDoubt(classifyFailure(reply.answer))
    },

    async deleteMessage(id, { accessToken, signal }) {
      const reply = await exchange({ method: 'DELETE', path: pathOf(id), immutableIds: true, accessToken, signal })
      if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
      if (reply.status === 204) return { outcome: 'deleted' }
      return isGone(reply.answer) ? { outcome: 'gone' } : withoutDoubt(classifyFailure(reply.answer))
    },
  }
}

/** Ids may hold `/`, `+` and `=`. */
function pathOf(id: string): string {
  return `/me/messages/${encodeURIComponent(id)}`
}
