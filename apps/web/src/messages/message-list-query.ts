import { listMessages, type MessageStatus } from '@inforiver-mail/contract/message'
import { call } from '../api/call.ts'
import { pagedQuery } from '../api/paged-query.ts'

const INTERVAL_MS = 10_000

/** What all lists of messages have in front of their keys. */
export const MESSAGE_LISTS = ['message-lists'] as const

/** The newest messages of all services, those of one status where `status` is given. */
export function messageListQuery(status: MessageStatus | null) {
  return pagedQuery({
    queryKey: [...MESSAGE_LISTS, status],
    intervalMs: INTERVAL_MS,
    read: (page, signal) => call(listMessages, { query: { ...page, ...(status && { status }) } }, signal),
  })
}
