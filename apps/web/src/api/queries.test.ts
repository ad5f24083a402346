import type { Message } from '@inforiver-mail/contract/message'
import { type FetchQueryOptions, QueryClient } from '@tanstack/react-query'
import { afterEach, expect, it, vi } from 'vitest'
import { auditListQuery } from '../audit/audit-page.tsx'
import { exampleFailure, exampleMessage } from '../test-support/examples.ts'
import { CallFailed } from './failure.ts'
import * as queries from './queries.ts'

const { consentQuery, filterBefore, isPageReadAgain, messagePageQuery, messageQuery, MESSAGES, sessionQuery } = queries

const EXAMPLE = exampleMessage()
const RECIPIENT = EXAMPLE.recipients[0]

/** When a query is read again that is in a state. */
function intervalIn(state: object, { refetchInterval }: { refetchInterval?: unknown }): unknown {
  if (typeof refetchInterval !== 'function') throw new Error('The interval follows from the state.')
  return (refetchInterval as (query: object) => unknown)({ state: { error: null, ...state } })
}

function intervalOf(message: Partial<Message>): unknown {
  return intervalIn({ data: { ...EXAMPLE, ...message } }, messageQuery(EXAMPLE.id))
}

it('reads a sent message again until there is a report for each recipient', () => {
  const sentTo = (delivery: Message['recipients'][number]['delivery']) =>
    intervalOf({ status: 'sent', recipients: [{ ...RECIPIENT, delivery }] as Message['recipients'] })

  expect(sentTo('pending')).toBe(5_000)
  expect(sentTo('delivered')).toBe(30_000)
  expect(sentTo('unknown')).toBe(false)
})

it('reads a failed message again, which may be retried beside it', () => {
  expect(intervalOf({ status: 'failed' })).toBe(30_000)
})

it('reads an open message again together with the lists', async () => {
  const queryClient = new QueryClient()
  const { queryKey } = messageQuery(EXAMPLE.id)
  queryClient.setQueryData(queryKey, EXAMPLE)
  await queryClient.invalidateQueries({ queryKey: MESSAGES })
  expect(queryClient.getQueryState(queryKey)?.isInvalidated).toBe(true)
})

it('reads no message again that will never change', () => {
  expect(intervalOf({ status: 'cancelled' })).toBe(false)
})

it('reads the session again where it could not be read, and not where there is none', () => {
  const { refetchInterval } = sessionQuery
  const failed = (error: Error) => intervalIn({ status: 'error', error }, { refetchInterval })
  expect(failed(exampleFailure('unavailable'))).toBe(5_000)
  expect(failed(new CallFailed({ kind: 'unreachable' }))).toBe(5_000)
  expect(failed(exampleFailure('not-signed-in'))).toBe(false)
  expect(intervalIn({ status: 'success' }, { refetchInterval })).toBe(false)
})

it.each([
  ['message', messageQuery(EXAMPLE.id), 1_000],
  ['consent', consentQuery('con_1'), 2_000],
])('reads a %s again after a failure, unless there is none', (_what, query, intervalMs) => {
  expect(intervalIn({ data: undefined, error: exampleFailure('unavailable') }, query)).toBe(intervalMs)
  expect(intervalIn({ data: undefined, error: exampleFailure('not-found') }, query)).toBe(false)
})

afterEach(() => void vi.restoreAllMocks())

/** Reads a query and tells whether the request said that the page asks by itself. The server is away. */
async function isPolling(queryClient: QueryClient, query: object): Promise<boolean> {
  const fetching = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('The server is away.'))
  const read = { ...query, retry: false, staleTime: 0 }
  const reading =
    'initialPageParam' in query
      ? queryClient.fetchInfiniteQuery(read as never)
      : queryClient.fetchQuery(read as unknown as FetchQueryOptions)
  await expect(reading).rejects.toThrow('unreachable')
  return new Headers(fetching.mock.lastCall?.[1]?.headers).get('x-inforiver-polling') === '1'
}

it.each([
  [undefined, '2026-11-24T00:00:00Z', '2026-11-24T00:00:00Z'],
  ['2026-11-20T00:00:00+01:00', '2026-11-24T00:00:00Z', '2026-11-20T00:00:00+01:00'],
  ['2026-11-24T01:00:00+02:00', '2026-11-24T00:00:00Z', '2026-11-24T01:00:00+02:00'],
  ['2026-11-26T00:00:00Z', '2026-11-24T00:00:00Z', '2026-11-24T00:00:00Z'],
])('narrows a filter that ends at %s to what was submitted before %s', (submittedTo, before, to) => {
  const filter = { status: 'failed', ...(submittedTo !== undefined && { submittedTo }) } as const
  expect(filterBefore(filter, before)).toEqual({ status: 'failed', submittedTo: to })
})

const READ_AT_INTERVALS = [
  ...Object.values(queries).filter(
    (query) => typeof query === 'object' && 'refetchInterval' in query && query !== sessionQuery,
  ),
  consentQuery('con_1'),
  messageQuery(EXAMPLE.id),
  messagePageQuery({}, { before: '', cursor: '' }),
  auditListQuery({}),
].map((query) => [(query as { queryKey: readonly unknown[] }).queryKey.join(' '), query as object] as const)

it.each(READ_AT_INTERVALS)('keeps the session alive with the first reading of %s only', async (_key, query) => {
  const queryClient = new QueryClient()
  expect(await isPolling(queryClient, query)).toBe(false)
  expect(await isPolling(queryClient, query)).toBe(true)
})

it.each(READ_AT_INTERVALS)('says that the page reads %s again by itself', async (_key, query) => {
  const queryClient = new QueryClient()
  const page = 'initialPageParam' in query ? { pages: [{}], pageParams: [null] } : {}
  queryClient.setQueryData((query as { queryKey: readonly unknown[] }).queryKey, page)
  expect(await isPolling(queryClient, query)).toBe(true)
})

it('keeps the session alive with each further page of a list', () => {
  const client = new QueryClient()
  const { queryKey } = auditListQuery({})
  client.setQueryData(queryKey, { pages: [{}], pageParams: [null] } as never)
  expect(isPageReadAgain({ client, queryKey }, 'further')).toBe(false)
  expect(isPageReadAgain({ client, queryKey }, null)).toBe(true)
})
