import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import type { ComponentType, ReactNode } from 'react'
import { useLanguageStore } from './language.tsx'
import type { LanguageStore } from './language-store.ts'

/** A page, or a part of one, that is no part of the first load. */
export interface LaterPage<Props> {
  (props: Props): ReactNode
  /** Loads it before it is shown. */
  readonly begin: (queryClient: QueryClient, language: LanguageStore) => void
}

interface StandIns<Props> {
  /** Is shown until the page is loaded; nothing without it. */
  readonly Meanwhile?: ComponentType<Props>
  /** Is shown while it cannot be loaded, such as while the server is away; without it, what was shown before stays. */
  readonly NotLoaded?: ComponentType<Props & { onRetry: () => void; retrying: boolean }>
}

const RETRY_INTERVAL_MS = 5_000

/**
 * Loads a page when it is shown, together with the texts outside the first load. It is no Suspense: React shows what
 * stands in for a suspended page for 300 ms at least, and a page that is there already for a moment.
 *
 * @param name names the page among the others
 */
export function laterPage<Props extends object>(
  name: string,
  load: () => Promise<ComponentType<Props>>,
  { Meanwhile, NotLoaded }: StandIns<NoInfer<Props>> = {},
): LaterPage<Props> {
  const queryFor = (language: LanguageStore) =>
    queryOptions({
      queryKey: ['page', name],
      queryFn: async () => {
        const [Page] = await Promise.all([load(), language.loadAll()])
        return { Page }
      },
      staleTime: Infinity,
      gcTime: Infinity,
    })
  function ShownLater(props: Props) {
    const { data, isFetchedAfterMount, isFetching, refetch } = useQuery({
      ...queryFor(useLanguageStore()),
      // It is tried again, and the rest of the app goes on without it.
      throwOnError: false,
      refetchInterval: ({ state }) => state.status === 'error' && RETRY_INTERVAL_MS,
    })
    if (data) return <data.Page {...props} />
    // The error itself is gone while it is tried again.
    if (NotLoaded && isFetchedAfterMount) {
      return <NotLoaded {...props} retrying={isFetching} onRetry={() => void refetch()} />
    }
    return Meanwhile ? <Meanwhile {...props} /> : null
  }
  return Object.assign(ShownLater, {
    begin: (queryClient: QueryClient, language: LanguageStore) => void queryClient.prefetchQuery(queryFor(language)),
  })
}
