import { Health } from '@inforiver-mail/contract/health'
import { queryOptions } from '@tanstack/react-query'

/** The version of the product that served the page. It is read without a session, and where it is hidden nothing fails. */
export const versionQuery = queryOptions({
  queryKey: ['version'],
  queryFn: async ({ signal }) => Health.parse(await (await fetch('/healthz', { signal })).json()).version,
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
  throwOnError: false,
})
