import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { exampleFailure } from '../test-support/examples.ts'
import { noticesQuery, overviewQuery, recipientsPolicyQuery, sessionQuery } from './queries.ts'
import { createQueryClient, readFirst } from './query-client.ts'

function signedInClient() {
  const queryClient = createQueryClient()
  queryClient.setQueryData(sessionQuery.queryKey, {
    user: { name: 'Ada Admin', email: 'ada@contoso.com' },
    role: 'workspace-admin',
  })
  return queryClient
}

it.each(['not-signed-in', 'not-workspace-admin'] as const)(
  'reads the session again when any read fails with %s',
  async (code) => {
    const queryClient = signedInClient()
    const read = queryClient.fetchQuery({ queryKey: ['x'], queryFn: () => Promise.reject(exampleFailure(code)) })
    await expect(read).rejects.toThrow(code)
    expect(queryClient.getQueryState(sessionQuery.queryKey)?.isInvalidated).toBe(true)
  },
)

it('reads the session again when a write fails with not-signed-in', async () => {
  const queryClient = signedInClient()
  const write = queryClient
    .getMutationCache()
    .build(queryClient, { mutationFn: () => Promise.reject(exampleFailure('not-signed-in')) })
  await expect(write.execute(undefined)).rejects.toThrow('not-signed-in')
  expect(queryClient.getQueryState(sessionQuery.queryKey)?.isInvalidated).toBe(true)
})

it('leaves the session alone on any other problem', async () => {
  const queryClient = signedInClient()
  const read = queryClient.fetchQuery({ queryKey: ['x'], queryFn: () => Promise.reject(exampleFailure('not-found')) })
  await expect(read).rejects.toThrow('not-found')
  expect(queryClient.getQueryState(sessionQuery.queryKey)?.isInvalidated).toBe(false)
})

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
