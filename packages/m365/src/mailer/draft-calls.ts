import { classifyFailure, type Failure } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import { member, parseJson } from './graph-answer.ts'
import { isGone, withoutDoubt, type CallOptions, type Exchange, type Gone, type SendOutcome } from './graph-exchange.ts'
import { mailboxPath, messagePath } from './mailbox-path.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { toGraphMessage } from './send-mail-request.ts'

/** What Exchange calls an operation that the state of an item does not allow. */
const NO_DRAFT = 'ErrorInvalidOperation'
/** A new draft comes back with its body, which has up to 4 MB, and may be written differently. */
const MAX_DRAFT_BYTES = 8 * 1024 * 1024

export type CreateDraftOutcome =
  | {
      readonly outcome: 'created'
      readonly draftId: string
      /** Its Message-ID, which the sent copy keeps; null where Graph does not tell. */
      readonly internetMessageId: string | null
    }
  | Failure

export type SendDraftOutcome = SendOutcome | Gone

export type ReadDraftOutcome = { readonly outcome: 'draft' } | { readonly outcome: 'sent' } | Gone | Failure

export type DeleteOutcome = { readonly outcome: 'deleted' } | Gone | Failure

export type DeleteDraftOutcome = DeleteOutcome | { readonly outcome: 'sent' }

/** Drafts by their immutable id, which they keep when they are sent and when they are moved within the mailbox. */
export interface DraftCalls {
  /** Needs `Mail.ReadWrite`, like reading and deleting. `saveToSentItems` does not apply: a sent draft is kept. */
  createDraft(message: OutgoingMessage, options: CallOptions): Promise<CreateDraftOutcome>
  /** `gone`: it was sent already, and its copy is not in place yet; or it was deleted for good. */
  sendDraft(draftId: string, options: CallOptions): Promise<SendDraftOutcome>
  /** Never `unknown`. A draft is one in Deleted Items too. `gone` right after sending means little: the copy is late. */
  readDraft(draftId: string, options: CallOptions): Promise<ReadDraftOutcome>
  /** For good, from Deleted Items too. `sent`: it is no draft any more, and was left alone. Never `unknown`. */
  deleteDraft(draftId: string, options: CallOptions): Promise<DeleteDraftOutcome>
  /** Whatever it is, draft or sent, from Deleted Items too. Never `unknown`. `gone` as with `readDraft`. */
  deleteForGood(id: string, options: CallOptions): Promise<DeleteOutcome>
}

export function createDraftCalls(exchange: Exchange): DraftCalls {
  return {
    async createDraft(message, { accessToken, signal, mailbox }) {
      const path = `${mailboxPath(mailbox)}/messages`
      const body = toGraphMessage(message)
      const request = { path, body, immutableIds: true, maxAnswerBytes: MAX_DRAFT_BYTES } as const
      const reply = await exchange({ method: 'POST', ...request, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const draft = reply.status === 201 ? parseJson(reply.text) : null
      const draftId = member(draft, 'id')
      const internetMessageId = member(draft, 'internetMessageId')
      if (typeof draftId === 'string' && draftId !== '')
        return {
          outcome: 'created',
          draftId,
          internetMessageId: typeof internetMessageId === 'string' ? internetMessageId : null,
        }
      return classifyFailure(reply.answer) // whose address it leaves from is asked when it is sent
    },

    async sendDraft(draftId, { accessToken, signal, mailbox, ...context }) {
      const path = `${messagePath(mailbox, draftId)}/send`
      const reply = await exchange({ method: 'POST', path, immutableIds: true, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const { requestId, retryAfter } = reply.answer
      if (reply.status === 202) return { outcome: 'sent', retryAfter, requestId }
      if (isGone(reply.answer)) return { outcome: 'gone' }
      const failure = classifyFailure(reply.answer, context)
      return failure.outcome === 'refused' && failure.microsoftCode === NO_DRAFT ? sentAlready(failure) : failure
    },

    readDraft: (draftId, options) => readDraft(exchange, draftId, options),

    async deleteDraft(draftId, options) {
      const draft = await readDraft(exchange, draftId, options)
      return draft.outcome === 'draft' ? deleteForGood(exchange, draftId, options) : draft
    },

    deleteForGood: (id, options) => deleteForGood(exchange, id, options),
  }
}

async function readDraft(
  exchange: Exchange,
  draftId: string,
  { accessToken, signal, mailbox }: CallOptions,
): Promise<ReadDraftOutcome> {
  const path = `${messagePath(mailbox, draftId)}?$select=id,isDraft`
  const reply = await exchange({ method: 'GET', path, immutableIds: true, accessToken, signal })
  if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
  const isDraft = reply.status === 200 ? member(parseJson(reply.text), 'isDraft') : null
  if (typeof isDraft === 'boolean') return { outcome: isDraft ? 'draft' : 'sent' }
  return isGone(reply.answer) ? { outcome: 'gone' } : withoutDoubt(classifyFailure(reply.answer))
}

/** Deleting only moves to Deleted Items what is not there yet; the second time it goes for good. */
async function deleteForGood(exchange: Exchange, id: string, options: CallOptions): Promise<DeleteOutcome> {
  const first = await deleteOnce(exchange, id, options)
  if (first.outcome !== 'deleted') return first
  const second = await deleteOnce(exchange, id, options)
  return second.outcome === 'gone' ? first : second
}

async function deleteOnce(
  exchange: Exchange,
  id: string,
  { accessToken, signal, mailbox }: CallOptions,
): Promise<DeleteOutcome> {
  const path = messagePath(mailbox, id)
  const reply = await exchange({ method: 'DELETE', path, immutableIds: true, accessToken, signal })
  if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
  if (reply.status === 204) return { outcome: 'deleted' }
  return isGone(reply.answer) ? { outcome: 'gone' } : withoutDoubt(classifyFailure(reply.answer))
}

/** Somebody sent it: a person from the Drafts folder, or a call of ours whose answer was lost. Reading it tells. */
function sentAlready({ microsoftCode, requestId }: Failure): Failure {
  const detail = 'The draft is no draft any more: it may have been sent before.'
  return { outcome: 'unknown', retryAfter: null, microsoftCode, requestId, detail }
}
