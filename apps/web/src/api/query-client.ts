import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { PAGES } from '../routes.ts'
import { CallFailed, mayPass, problemCode } from './failure.ts'
import { noticesQuery, overviewQuery, recipientsPolicyQuery, sessionQuery } from './queries.ts'
import { sessionGap } from './session-gap.ts'

const RETRIES = 2

/** The client through which all calls go; every failure passes here. */
export function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error, { queryKey }) => refreshSession(error, queryKey) }),
    mutationCache: new MutationCache({ onError: (error) => refreshSession(error) }),
    defaultOptions: {
      queries: {
        // The default 'online' silently pauses calls while the browser believes that it is offline.
        networkMode: 'always',
        retry: (failures, error) => mayPass(error) && failures < RETRIES,
        throwOnError: isDefect,
      },
      mutations: { networkMode: 'always', throwOnError: isDefect },
    },
  })

  /** Reads the session again when any call reveals that it has ended or that its role has changed. */
  function refreshSession(error: unknown, queryKey?: readonly unknown[]): void {
    const code = problemCode(error)
    const aboutSession = code === 'not-signed-in' || code === 'not-workspace-admin'
    if (!aboutSession || queryKey?.[0] === sessionQuery.queryKey[0]) return
    void queryClient.invalidateQueries(sessionQuery)
  }

  // A request that waits for a session reveals the same.
  sessionGap.onWait(() => void queryClient.invalidateQueries(sessionQuery))
  return queryClient
}

/**
 * Reads what the page at `path` shows first, for a workspace admin. The first rendering of a page whose code has not been
 * compiled yet takes longer than these answers, so it begins before.
 */
export async function readFirst(queryClient: QueryClient, path: string): Promise<void> {
  // What fails is read again by whoever shows it, who then says so.
  const session = await queryClient.fetchQuery(sessionQuery).catch(() => null)
  if (session?.role !== 'workspace-admin') return
  await Promise.all([
    path === PAGES.overview && queryClient.prefetchQuery(overviewQuery),
    queryClient.prefetchQuery(recipientsPolicyQuery),
    queryClient.prefetchQuery(noticesQuery),
  ])
}

/** An error that `call` did not throw is a defect, and goes to the error boundary. */
function isDefect(error: unknown): boolean {
  return !(error instanceof CallFailed)
}
