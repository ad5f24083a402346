import { z } from 'zod'
import { optionalText } from '../json.ts'
import type { Failure } from './classify-failure.ts'
import {
  acceptance,
  Addressed,
  failureOf,
  inMailbox,
  isGone,
  OF_DRAFT,
  readReply,
  repeatableOrGone,
  type CallOptions,
  type Exchange,
  type Gone,
  type SendOutcome,
} from './graph-exchange.ts'
import { messagePath } from './graph-call.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { draftBody } from './send-mail-request.ts'

/** Exchange's code for an operation that the state of an item does not allow. */
const NOT_A_DRAFT = 'ErrorInvalidOperation'
/** Graph returns a new draft with its body of up to 4 MB, which may be longer in its spelling. */
const MAX_DRAFT_BYTES = 8 * 1024 * 1024

const NewDraft = z.object({
  id: z.string().min(1),
  internetMessageId: optionalText,
  from: Addressed.nullable().catch(null),
})
const DraftState = z.object({ isDraft: z.boolean() })

export type CreateDraftOutcome =
  | {
      readonly outcome: 'created'
      readonly draftId: string
      /** Its Message-ID, which the sent copy keeps; null where Graph does not return it. */
      readonly internetMessageId: string | null
      /** The address that it is from; null where Graph does not return it. */
      readonly from: string | null
    }
  | Failure

export type SendDraftOutcome = SendOutcome | Gone

export type ReadDraftOutcome = { readonly outcome: 'draft' } | { readonly outcome: 'sent' } | Gone | Failure

export type DeleteOutcome = { readonly outcome: 'deleted' } | Gone | Failure

export type DeleteDraftOutcome = DeleteOutcome | { readonly outcome: 'sent' }

/**
 * Drafts are named by their immutable id, which stays the same when they are sent or moved within the mailbox. All
 * calls need `Mail.ReadWrite`, and include Deleted Items. Only `createDraft` and `sendDraft` can end as `unknown`.
 */
export function createDraftCalls(exchange: Exchange) {
  return {
    /** `saveToSentItems` does not apply: Graph keeps every draft that is sent. */
    async createDraft(message: OutgoingMessage, options: CallOptions): Promise<CreateDraftOutcome> {
      const request = { ...draftBody(message), immutableIds: true, maxAnswerBytes: MAX_DRAFT_BYTES } as const
      const reply = await inMailbox(exchange, options, { method: 'POST', path: '/messages', ...request })
      const draft = readReply(reply, NewDraft, 201)
      if (!draft) return failureOf(reply) // without the sender: Exchange checks it only when the draft is sent
      const { id: draftId, internetMessageId, from } = draft
      return { outcome: 'created', draftId, internetMessageId, from: from?.emailAddress.address ?? null }
    },

    /** `gone`: the draft was sent and its copy has not appeared yet, or it was deleted for good. */
    async sendDraft(draftId: string, options: CallOptions): Promise<SendDraftOutcome> {
      const path = `${messagePath(draftId)}/send`
      const reply = await inMailbox(exchange, options, { method: 'POST', path, immutableIds: true })
      const sent = acceptance(reply)
      if (sent) return sent
      if (reply.answered && isGone(reply.answer)) return { outcome: 'gone' }
      const failure = failureOf(reply, { ...options, draft: 'sent' })
      return failure.outcome === 'refused' && failure.microsoftCode === NOT_A_DRAFT ? mayHaveBeenSent(failure) : failure
    },

    /** `gone` means little right after sending, since the copy appears late. */
    readDraft: (draftId: string, options: CallOptions): Promise<ReadDraftOutcome> =>
      readDraft(exchange, draftId, options),

    /** Deletes for good. `sent`: it is no longer a draft, and was left alone. */
    async deleteDraft(draftId: string, options: CallOptions): Promise<DeleteDraftOutcome> {
      const draft = await readDraft(exchange, draftId, options)
      return draft.outcome === 'draft' ? deleteForGood(exchange, draftId, options) : draft
    },

    /** Deletes for good, whether it is a draft or was sent. `gone` means as little as with `readDraft`. */
    deleteForGood: (id: string, options: CallOptions): Promise<DeleteOutcome> => deleteForGood(exchange, id, options),
  }
}

async function readDraft(exchange: Exchange, draftId: string, options: CallOptions): Promise<ReadDraftOutcome> {
  const path = `${messagePath(draftId)}?$select=id,isDraft`
  const reply = await inMailbox(exchange, options, { method: 'GET', path, immutableIds: true })
  const draft = readReply(reply, DraftState)
  return draft ? { outcome: draft.isDraft ? 'draft' : 'sent' } : repeatableOrGone(reply, OF_DRAFT)
}

/** The first deletion only moves an item to Deleted Items, unless it is there already; the second one is for good. */
async function deleteForGood(exchange: Exchange, id: string, options: CallOptions): Promise<DeleteOutcome> {
  const first = await deleteOnce(exchange, id, options)
  if (first.outcome !== 'deleted') return first
  const second = await deleteOnce(exchange, id, options)
  return second.outcome === 'gone' ? first : second
}

async function deleteOnce(exchange: Exchange, id: string, options: CallOptions): Promise<DeleteOutcome> {
  const reply = await inMailbox(exchange, options, { method: 'DELETE', path: messagePath(id), immutableIds: true })
  return reply.answered && reply.status === 204 ? { outcome: 'deleted' } : repeatableOrGone(reply, OF_DRAFT)
}

/** A person sent it from the Drafts folder, or an earlier call did and its answer was lost. Reading it shows which. */
function mayHaveBeenSent({ microsoftCode, requestId }: Failure): Failure {
  const detail = 'The draft is no draft any more: it may have been sent before.'
  return { outcome: 'unknown', retryAfter: null, microsoftCode, requestId, detail }
}
