import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { problemCode } from '../api/failure.ts'
import { DisabledPage } from './disabled-page.tsx'
import { PageFailure, PageLoading } from './page-state.tsx'

/** How the page came by what it shows. */
export interface Freshness {
  /** Why it could not be read again since. */
  readonly refreshError: Error | null
  readonly onRefresh: () => void
}

interface Props<Data> {
  /** What the page belongs to, and its name: for when there is nothing else to show. */
  above: ReactNode
  title: string
  query: UseQueryResult<Data>
  /** What is said while nothing has come yet. */
  loading: string
  children: (data: Data, freshness: Freshness) => ReactNode
}

/** A page about the answer of one call, and what is the matter while there is none. */
export function QueryPage<Data>({ above, title, query, loading, children }: Props<Data>) {
  const { data, error, isFetching } = query
  const onRefresh = () => void query.refetch()
  if (problemCode(error) === 'office365-smtp-disabled') {
    return <DisabledPage above={above} title={title} onRetry={onRefresh} />
  }
  if (data !== undefined) return children(data, { refreshError: error, onRefresh })
  if (error) return <PageFailure error={error} retrying={isFetching} onRetry={onRefresh} />
  return <PageLoading label={loading} />
}
