import type { QueryClient } from '@tanstack/react-query'
import { noticesQuery, overviewQuery, recipientsPolicyQuery, sessionQuery } from './api/queries.ts'
import { PAGES } from './routes.ts'

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
