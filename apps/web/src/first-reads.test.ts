import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { noticesQuery, overviewQuery, recipientsPolicyQuery, sessionQuery } from './api/queries.ts'
import { readFirst } from './first-reads.ts'

const SHOWN_ON_EVERY_PAGE = [sessionQuery.queryKey, recipientsPolicyQuery.queryKey, noticesQuery.queryKey]

/** Returns the keys of what is read. No server answers. */
async function readBy(role: 'workspace-admin' | 'member' | null, path: string): Promise<unknown[]> {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  if (role) queryClient.setQueryData(sessionQuery.queryKey, { user: { name: 'Ada', email: 'ada@contoso.com' }, role })
  await readFirst(queryClient, path)
  return queryClient
    .getQueryCache()
    .getAll()
    .map(({ queryKey }) => queryKey)
}

it('reads for a workspace admin what the page shows first, and the overview for its page alone', async () => {
  const onOverview = await readBy('workspace-admin', '/')
  expect(new Set(onOverview)).toEqual(new Set([...SHOWN_ON_EVERY_PAGE, overviewQuery.queryKey]))
  expect(new Set(await readBy('workspace-admin', '/messages'))).toEqual(new Set(SHOWN_ON_EVERY_PAGE))
})

it.each(['member', null] as const)('reads nothing but the session for %s, and does not fail', async (role) => {
  expect(await readBy(role, '/')).toEqual([sessionQuery.queryKey])
})
