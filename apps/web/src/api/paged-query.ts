import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query'

const PAGE_ITEMS = 50
const MAX_PAGES = 20

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

/** The newest items of a list; `fetchNextPage` adds older ones, up to 20 pages of 50. */
export function pagedQuery<Item>({ queryKey, intervalMs, read }: Options<Item>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam: cursor, signal }) => read({ limit: PAGE_ITEMS, ...(cursor !== null && { cursor }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }, pages) => (pages.length < MAX_PAGES ? nextCursor : null),
    // A refresh reads every loaded page, so the interval grows with them: one call per `intervalMs` on average.
    refetchInterval: ({ state: { data } }) => intervalMs * (data?.pages.length ?? 1),
    refetchOnWindowFocus: 'always',
  })
}
