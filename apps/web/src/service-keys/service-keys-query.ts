import { listServiceKeys } from '@inforiver-mail/contract/service-key'
import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

const INTERVAL_MS = 15_000

export const serviceKeysQuery = queryOptions({
  queryKey: ['service-keys'],
  queryFn: ({ signal }) => call(listServiceKeys, {}, signal),
  refetchInterval: INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})
