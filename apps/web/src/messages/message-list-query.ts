import { listMessages, type MessageStatus } from '@inforiver-mail/contract/message'
import { infiniteQueryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

const PAGE_MESSAGES = 50
const MAX_PAGES = 20
const INTERVAL_MS = 10_000

/** What all lists of messages have in front of their keys. */
export const MESSAGE_LISTS = ['message-lists'] as const

/** The newest messages of all services, those of one status where `status` is given. */
export function messageListQuery(status: MessageStatus | null) {
  return infiniteQueryOptions({
    queryKey: [...MESSAGE_LISTS, status],
    queryFn: ({ pageParam: cursor, signal }) =>
      call(
        listMessages,
        { query: { limit: PAGE_MESSAGES, ...(status && { status }), ...(cursor !== null && { cursor }) } },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }, pages) => (pages.length < MAX_PAGES ? nextCursor : null),
    // A refresh reads every page that is shown: so it comes to one call per interval, however many those are.
    refetchInterval: ({ state: { data } }) => INTERVAL_MS * (data?.pages.length ?? 1),
    refetchOnWindowFocus: 'always',
  })
}
