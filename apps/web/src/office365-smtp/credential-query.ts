import { readCredential } from '@inforiver-mail/contract/credential'
import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

const INTERVAL_MS = 15 * 60_000 // it is counted in days

export const credentialQuery = queryOptions({
  queryKey: ['tenant-settings', 'office365-smtp', 'credential'],
  queryFn: ({ signal }) => call(readCredential, {}, signal),
  refetchInterval: INTERVAL_MS,
})
