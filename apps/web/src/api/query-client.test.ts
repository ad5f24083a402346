import { PROBLEM_STATUS, type ProblemCode } from '@inforiver-mail/contract/problem'
import { expect, it } from 'vitest'
import { CallFailed } from './failure.ts'
import { sessionQuery } from './queries.ts'
import { createQueryClient } from './query-client.ts'

function failure(code: ProblemCode): CallFailed {
  const type = `urn:inforiver-mail:problem:${code}` as const
  return new CallFailed({
    kind: 'problem',
    problem: { type, title: '', status: PROBLEM_STATUS[code], detail: '', code, values: {}, requestId: '' },
  })
}

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
    const read = queryClient.fetchQuery({ queryKey: ['x'], queryFn: () => Promise.reject(failure(code)) })
    await expect(read).rejects.toThrow(code)
    expect(queryClient.getQueryState(sessionQuery.queryKey)?.isInvalidated).toBe(true)
  },
)

it('reads the session again when a write fails with not-signed-in', async () => {
  const queryClient = signedInClient()
  const write = queryClient
    .getMutationCache()
    .build(queryClient, { mutationFn: () => Promise.reject(failure('not-signed-in')) })
  await expect(write.execute(undefined)).rejects.toThrow('not-signed-in')
  expect(queryClient.getQueryState(sessionQuery.queryKey)?.isInvalidated).toBe(true)
})

it('leaves the session alone on any other problem', async () => {
  const queryClient = signedInClient()
  const read = queryClient.fetchQuery({ queryKey: ['x'], queryFn: () => Promise.reject(failure('not-found')) })
  await expect(read).rejects.toThrow('not-found')
  expect(queryClient.getQueryState(sessionQuery.queryKey)?.isInvalidated).toBe(false)
})
