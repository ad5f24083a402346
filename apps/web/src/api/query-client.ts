import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { CallFailed, mayPass, problemCode } from './failure.ts'
import { sessionQuery } from './queries.ts'

const RETRIES = 2

/** The one place every failed call passes. */
export function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error, { queryKey }) => noticeSession(error, queryKey) }),
    mutationCache: new MutationCache({ onError: (error) => noticeSession(error) }),
    defaultOptions: {
      queries: {
        // 'online' would leave a call waiting without a word while the browser believes to be offline.
        networkMode: 'always',
        retry: (failures, error) => mayPass(error) && failures < RETRIES,
        throwOnError: isDefect,
      },
      mutations: { networkMode: 'always', throwOnError: isDefect },
    },
  })

  /** The session may have ended, or its role changed: ask, so that the page shows it whatever call found out. */
  function noticeSession(error: unknown, queryKey?: readonly unknown[]): void {
    const code = problemCode(error)
    const aboutSession = code === 'not-signed-in' || code === 'not-workspace-admin'
    if (!aboutSession || queryKey?.[0] === sessionQuery.queryKey[0]) return
    void queryClient.invalidateQueries(sessionQuery)
  }

  return queryClient
}

/** What `call` did not throw belongs to the error boundary, not into a message bar. */
function isDefect(error: unknown): boolean {
  return !(error instanceof CallFailed)
}
