import { classifyConnectionFailure, classifyFailure, type Failure } from './classify-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { isGone, withoutDoubt, type Exchange } from './graph-exchange.ts'
import type { CallOptions, SendOutcome } from './graph-mailer.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { toGraphMessage } from './send-mail-request.ts'

/** What Exchange calls an operation that the state of an item does not allow. */
const NO_DRAFT = 'ErrorInvalidOperation'

export type CreateDraftOutcome = { readonly outcome: 'created'; readonly draftId: string } | Failure

/** The id names nothing in the mailbox: deleted for good, or never there. */
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
  /** `gone`: it was sent already, and its copy is not in place yet; or it was deleted for good. */
  sendDraft(draftId: string, options: CallOptions): Promise<SendDraftOutcome>
  /** Never `unknown`. A draft is one in Deleted Items too. `gone` right after sending means little: the copy is late. */
  readDraft(draftId: string, options: CallOptions): Promise<ReadDraftOutcome>
  /** Moves a draft, or a message that was sent, to Deleted Items; from there it goes for good. Never `unknown`. */
  deleteMessage(id: string, options: CallOptions): Promise<DeleteMessageOutcome>
}

export function createDraftCalls(exchange: Exchange): DraftCalls {
  return {
    async createDraft(message, { accessToken, signal }) {
      const draft = { path: '/me/messages', body: toGraphMessage(message), immutableIds: true } as const
      const reply = await exchange({ method: 'POST', ...draft, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const draftId = reply.status === 201 ? member(parseJson(reply.text), 'id') : null
      if (typeof draftId === 'string' && draftId !== '') return { outcome: 'created', draftId }
      return classifyFailure(reply.answer) // whose address it leaves from is asked when it is sent
    },

    async sendDraft(draftId, { accessToken, signal, ...context }) {
      const path = `${pathOf(draftId)}/send`
      const reply = await exchange({ method: 'POST', path, immutableIds: true, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const { requestId, retryAfter } = reply.answer
      if (reply.status === 202) return { outcome: 'sent', retryAfter, requestId }
      if (isGone(reply.answer)) return { outcome: 'gone' }
      const failure = classifyFailure(reply.answer, context)
      return failure.outcome === 'refused' && failure.microsoftCode === NO_DRAFT ? sentAlready(failure) : failure
    },

    async readDraft(draftId, { accessToken, signal }) {
      const path = `${pathOf(draftId)}?$select=id,isDraft`
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

/** Somebody sent it: a person from the Drafts folder, or a call of ours whose answer was lost. Reading it tells. */
function sentAlready({ microsoftCode, requestId }: Failure): Failure {
  const detail = 'The draft is no draft any more: it may have been sent before.'
  return { outcome: 'unknown', retryAfter: null, microsoftCode, requestId, detail }
}

/** Ids may hold `/`, `+` and `=`. */
function pathOf(id: string): string {
  return `/me/messages/${encodeURIComponent(id)}`
}
