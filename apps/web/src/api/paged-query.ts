import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query'

const PAGE_ITEMS = 50
/** A refresh reads every loaded page again, so longer lists are not refreshed by themselves. */
const MAX_REFRESHED_PAGES = 20

/** One page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[]
  /** Null on the last page. */
  readonly nextCursor: string | null
}

interface Options<Item> {
  readonly queryKey: QueryKey
  readonly intervalMs: number
  readonly read: (page: { limit: number; cursor?: string }, signal: AbortSignal) => Promise<ListPage<Item>>
}

/** The newest items of a list; `fetchNextPage` adds older ones, 50 at a time. */
export function pagedQuery<Item>({ queryKey, intervalMs, read }: Options<Item>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam: cursor, signal }) => read({ limit: PAGE_ITEMS, ...(cursor !== null && { cursor }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // The interval grows with the pages: one call per `intervalMs` on average.
    refetchInterval: ({ state: { data } }) => isShort(data) && intervalMs * (data?.pages.length ?? 1),
    refetchOnWindowFocus: ({ state: { data } }) => isShort(data) && 'always',
  })
}

function isShort(data: { readonly pages: readonly unknown[] } | undefined): boolean {
  return (data?.pages.length ?? 0) <= MAX_REFRESHED_PAGES
}
