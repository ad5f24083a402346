import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { readCredential } from '@inforiver-mail/contract/credential'
import { Health } from '@inforiver-mail/contract/health'
import { type Message, readMessage } from '@inforiver-mail/contract/message'
import { readUsage } from '@inforiver-mail/contract/usage'
import { listMessages, type MessageFilter } from '@inforiver-mail/contract/message-list'
import { listNotices } from '@inforiver-mail/contract/notice'
import { readConsent, readSettings } from '@inforiver-mail/contract/office365-smtp'
import { readOverview } from '@inforiver-mail/contract/overview'
import { readRecipientsPolicy } from '@inforiver-mail/contract/recipients-policy'
import { readSendingLimits } from '@inforiver-mail/contract/sending-limits'
import { listServiceKeys } from '@inforiver-mail/contract/service-key'
import { listSessions, readSession } from '@inforiver-mail/contract/session'
import { listWebhooks } from '@inforiver-mail/contract/webhook'
import {
  type InfiniteData,
  type QueryFunctionContext,
  type QueryObserverOptions,
  queryOptions,
} from '@tanstack/react-query'
import { type Answer, call, type Input } from './call.ts'
import { problemCode } from './failure.ts'
import { useState } from 'react'

/** How often an answer is read again while a page shows it, where that depends on the answer. */
const POLL_MS = {
  consent: 2_000,
  message: 1_000,
  waitingMessage: 5_000,
  reportedMessage: 30_000,
  messageList: 5_000,
  unknownSession: 5_000,
} as const

type ReadingContext = Pick<QueryFunctionContext, 'client' | 'queryKey'>

/**
 * True when an answer, or a failure, was there before. The page reads it again by itself, also where nobody is left who
 * uses it, so this does not keep the session alive.
 */
function isReadAgain({ client, queryKey }: ReadingContext): boolean {
  const state = client.getQueryState(queryKey)
  return state !== undefined && state.dataUpdateCount + state.errorUpdateCount > 0
}

/** The same for one page of a list: somebody who looks at further pages uses it. */
export function isPageReadAgain(context: ReadingContext, cursor: string | null): boolean {
  const read = context.client.getQueryData<InfiniteData<unknown>>(context.queryKey)
  return read === undefined ? isReadAgain(context) : read.pageParams.includes(cursor)
}

/** The key prefix of every message and list of messages, to invalidate them together. */
export const MESSAGES = ['messages'] as const

/** What was read before its page was rendered is not read again by the page. */
const JUST_READ_MS = 2_000

/** Reads an endpoint again and again while a page shows its answer. */
function polledQuery<E extends Endpoint>(
  queryKey: readonly string[],
  endpoint: E,
  input: Input<E>,
  refetchInterval: number,
  options: Pick<QueryObserverOptions<Answer<E>>, 'refetchOnWindowFocus'> & { readonly staleTime?: number } = {},
) {
  return queryOptions({
    queryKey,
    queryFn: ({ signal, ...context }) => call(endpoint, input, signal, { polling: isReadAgain(context) }),
    refetchInterval,
    ...options,
  })
}

/** Whoever comes back to the window sees how things stand. */
const LOOKED_AT = { refetchOnWindowFocus: 'always' } as const

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => call(readSession, {}, signal),
  staleTime: JUST_READ_MS,
  retryOnMount: false,
  refetchOnWindowFocus: 'always',
  // Requests wait until it is known whether there is a session.
  refetchInterval: ({ state: { status, error } }) =>
    status === 'error' && problemCode(error) !== 'not-signed-in' && POLL_MS.unknownSession,
})

export const settingsQuery = polledQuery(['tenant-settings', 'office365-smtp'], readSettings, {}, 15_000, LOOKED_AT)

export const overviewQuery = polledQuery(['overview'], readOverview, {}, 3_000, {
  staleTime: JUST_READ_MS,
  ...LOOKED_AT,
})

export const sendingLimitsQuery = queryOptions({
  queryKey: ['tenant-settings', 'sending-limits'],
  queryFn: ({ signal }) => call(readSendingLimits, {}, signal),
})

export const usageQuery = polledQuery(['tenant-settings', 'office365-smtp', 'usage'], readUsage, {}, 15_000)

export const credentialQuery = polledQuery(
  ['tenant-settings', 'office365-smtp', 'credential'],
  readCredential,
  {},
  15 * 60_000,
)

/** Polled while the consent is pending: only the API knows the outcome, whatever happened to the window. */
export function consentQuery(id: string) {
  return queryOptions({
    queryKey: ['consents', id],
    queryFn: ({ signal, ...context }) =>
      call(readConsent, { params: { id } }, signal, { polling: isReadAgain(context) }),
    refetchInterval: ({ state: { data, error } }) =>
      !isGone(error) && (data === undefined || data.status === 'pending') && POLL_MS.consent,
  })
}

/**
 * Polled until the message has ended, which a held one does by itself, and until a report is there for each recipient. What
 * may still change afterwards, as by a retry beside it, is read less often.
 */
export function messageQuery(id: string) {
  return queryOptions({
    queryKey: [...MESSAGES, 'one', id],
    queryFn: ({ signal, ...context }) =>
      call(readMessage, { params: { id } }, signal, { polling: isReadAgain(context) }),
    refetchInterval: ({ state: { data, error } }) => !isGone(error) && messageIntervalMs(data),
  })
}

/** What is no longer there does not come back. */
function isGone(error: Error | null): boolean {
  return problemCode(error) === 'not-found'
}

function messageIntervalMs(message: Message | undefined): number | false {
  switch (message?.status) {
    case 'sent': {
      const { recipients } = message
      if (recipients.some(({ delivery }) => delivery === 'pending')) return POLL_MS.waitingMessage
      return recipients.some(({ delivery }) => delivery !== 'unknown') && POLL_MS.reportedMessage
    }
    // Somebody may retry it.
    case 'failed':
      return POLL_MS.reportedMessage
    case 'cancelled':
      return false
    case 'held':
    case 'scheduled':
      return POLL_MS.waitingMessage
    default: {
      // After a failed attempt nothing changes for a while; an upload moves all the time.
      const waits = message && message.attempts.length > 0 && !(message.status === 'sending' && message.progress)
      return waits ? POLL_MS.waitingMessage : POLL_MS.message
    }
  }
}

interface PageStart {
  /** The moment before which the first message of the page was submitted; empty for any. */
  readonly before: string
  /** A cursor of the API; empty for none. */
  readonly cursor: string
}

/** One page of the messages that a filter finds. */
export function messagePageQuery(filter: MessageFilter, { before, cursor }: PageStart) {
  const read = (input: Input<typeof listMessages>['query'], signal: AbortSignal, polling: boolean) =>
    call(listMessages, { query: input }, signal, { polling })
  return queryOptions({
    queryKey: [...MESSAGES, 'page', filter, before, cursor],
    queryFn: async ({ signal, ...context }) => {
      const polling = isReadAgain(context)
      if (before === '') return read({ ...queryOf(filter), ...(cursor !== '' && { cursor }) }, signal, polling)
      // A cursor leads to what is older than a message, so that the page begins with the one before it.
      const newest = await read({ ...queryOf(filterBefore(filter, before)), limit: 1 }, signal, polling)
      if (newest.nextCursor === null) return newest
      const older = await read({ ...queryOf(filter), cursor: newest.nextCursor }, signal, polling)
      return { ...older, items: [...newest.items, ...older.items] }
    },
    refetchInterval: POLL_MS.messageList,
    ...LOOKED_AT,
  })
}

/** Finds what a filter finds that was submitted before a moment. */
export function filterBefore(filter: MessageFilter, before: string): MessageFilter {
  const { submittedTo } = filter
  const isEarlier = submittedTo !== undefined && Date.parse(submittedTo) < Date.parse(before)
  return { ...filter, submittedTo: isEarlier ? submittedTo : before }
}

/** How many messages a filter finds. */
export function messageCountQuery(filter: MessageFilter) {
  return queryOptions({
    queryKey: [...MESSAGES, 'count', filter],
    queryFn: async ({ signal }) => {
      const { total, totalIsEstimate } = await call(listMessages, { query: { ...queryOf(filter), limit: 1 } }, signal)
      return { total, totalIsEstimate }
    },
  })
}

/** The filter, as the parameters of an address. */
export function queryOf({ possibleDuplicate, ...filter }: MessageFilter) {
  return {
    ...filter,
    ...(possibleDuplicate !== undefined && {
      possibleDuplicate: possibleDuplicate ? ('true' as const) : ('false' as const),
    }),
  }
}

/** Polled by every page, since each says whether mail is redirected. */
export const recipientsPolicyQuery = polledQuery(['tenant-settings', 'recipients'], readRecipientsPolicy, {}, 5_000, {
  staleTime: JUST_READ_MS,
  ...LOOKED_AT,
})

export const serviceKeysQuery = polledQuery(['service-keys'], listServiceKeys, {}, 15_000, LOOKED_AT)

export const noticesQuery = polledQuery(['notices'], listNotices, {}, 30_000, { staleTime: JUST_READ_MS, ...LOOKED_AT })

export const webhooksQuery = polledQuery(['webhooks'], listWebhooks, {}, 15_000, LOOKED_AT)

export const sessionsQuery = polledQuery(['sessions'], listSessions, {}, 15_000, LOOKED_AT)

/** The version of the product that served the page. It is read without a session, and where it is hidden nothing fails. */
export const versionQuery = queryOptions({
  queryKey: ['version'],
  queryFn: async ({ signal }) => Health.parse(await (await fetch('/healthz', { signal })).json()).version,
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
  throwOnError: false,
})

/**
 * Why data is missing or stale. A query without data forgets its error on retry; this keeps it until data arrives, so that
 * the message does not flicker.
 */
export function useLoadError({ data, error }: { readonly data: unknown; readonly error: Error | null }): Error | null {
  const [kept, setKept] = useState<Error | null>(null)
  const whyNone = data === undefined ? (error ?? kept) : null
  if (whyNone !== kept) setKept(whyNone)
  return error ?? whyNone
}
