import { type AuditFilter, listAuditEvents } from '@inforiver-mail/contract/audit'
import { infiniteQueryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { isPageReadAgain } from '../api/queries.ts'

const REFRESH_INTERVAL_MS = 30_000
const PAGE_EVENTS = 50
/** A refresh reads every loaded page again, so longer lists are not refreshed by themselves. */
const MAX_REFRESHED_PAGES = 20

/** The newest events; `fetchNextPage` adds older ones. */
export function auditListQuery(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit-events', filter],
    queryFn: ({ pageParam: cursor, signal, ...context }) =>
      call(listAuditEvents, { query: { ...filter, limit: PAGE_EVENTS, ...(cursor !== null && { cursor }) } }, signal, {
        polling: isPageReadAgain(context, cursor),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // The interval grows with the pages: one call per `REFRESH_INTERVAL_MS` on average.
    refetchInterval: ({ state: { data } }) => isShort(data) && REFRESH_INTERVAL_MS * (data?.pages.length ?? 1),
    refetchOnWindowFocus: ({ state: { data } }) => isShort(data) && 'always',
  })
}

function isShort(data: { readonly pages: readonly unknown[] } | undefined): boolean {
  return (data?.pages.length ?? 0) <= MAX_REFRESHED_PAGES
}
