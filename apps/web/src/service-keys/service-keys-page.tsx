import { useQuery } from '@tanstack/react-query'
import { problemCode } from '../api/failure.ts'
import { PageFailure, PageLoading } from '../shell/page-state.tsx'
import { serviceKeysQuery } from './service-keys-query.ts'
import { ServiceKeysScreen } from './service-keys-screen.tsx'

/** Tenant Settings > Service keys. */
export function ServiceKeysPage() {
  const { data, error, isFetching, refetch } = useQuery(serviceKeysQuery)
  const retry = () => void refetch()
  if (!data) {
    if (error) return <PageFailure error={error} retrying={isFetching} onRetry={retry} />
    return <PageLoading label="Reading the service keys" />
  }
  return (
    <ServiceKeysScreen
      keys={data.items}
      refreshError={problemCode(error) === 'not-signed-in' ? null : error}
      onRefresh={retry}
    />
  )
}
