import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query'

const PAGE_ITEMS = 50
const MAX_PAGES = 20

/** What a list says that comes page by page. */
export interface ListPage<Item> {
  readonly items: readonly Item[]
  /** Null on the last one. */
  readonly nextCursor: string | null
}

interface Options<Item> {
  readonly queryKey: QueryKey
  readonly intervalMs: number
  readonly read: (page: { limit: number; cursor?: string }, signal: AbortSignal) => Promise<ListPage<Item>>
}

/** The newest items of a list, more of them on demand, up to a bound. */
export function pagedQuery<Item>({ queryKey, intervalMs, read }: Options<Item>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam: cursor, signal }) => read({ limit: PAGE_ITEMS, ...(cursor !== null && { cursor }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }, pages) => (pages.length < MAX_PAGES ? nextCursor : null),
    // A refresh reads every page that is shown: so it comes to one call per interval, however many those are.
    refetchInterval: ({ state: { data } }) => intervalMs * (data?.pages.length ?? 1),
    refetchOnWindowFocus: 'always',
  })
}
