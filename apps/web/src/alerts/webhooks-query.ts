import { listWebhooks } from '@inforiver-mail/contract/webhook'
import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

const INTERVAL_MS = 15_000

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => call(listWebhooks, {}, signal),
  refetchInterval: INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})
