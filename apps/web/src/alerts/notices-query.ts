import { listNotices } from '@inforiver-mail/contract/notice'
import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

const INTERVAL_MS = 30_000

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: ({ signal }) => call(listNotices, {}, signal),
  refetchInterval: INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})
