import { type Message, readMessage, readUsage } from '@inforiver-mail/contract/message'
import { readConsent, readSettings } from '@inforiver-mail/contract/office365-smtp'
import { readSession } from '@inforiver-mail/contract/session'
import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'

const SETTINGS_INTERVAL_MS = 15_000
const CONSENT_INTERVAL_MS = 2_000
const MESSAGE_INTERVAL_MS = 1_000
const WAITING_MESSAGE_INTERVAL_MS = 5_000

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => call(readSession, {}, signal),
  refetchOnWindowFocus: 'always',
})

export const settingsQuery = queryOptions({
  queryKey: ['tenant-settings', 'office365-smtp'],
  queryFn: ({ signal }) => call(readSettings, {}, signal),
  refetchInterval: SETTINGS_INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})

export const usageQuery = queryOptions({
  queryKey: ['tenant-settings', 'office365-smtp', 'usage'],
  queryFn: ({ signal }) => call(readUsage, {}, signal),
  refetchInterval: SETTINGS_INTERVAL_MS,
})

/** Asked again while the consent is pending: the outcome comes from the API, whatever became of the window. */
export function consentQuery(id: string) {
  return queryOptions({
    queryKey: ['consents', id],
    queryFn: ({ signal }) => call(readConsent, { params: { id } }, signal),
    refetchInterval: ({ state: { data } }) => (data && data.status !== 'pending' ? false : CONSENT_INTERVAL_MS),
  })
}

/** Asked again until the message has come to an end. A held one is released by itself, so it is asked about as well. */
export function messageQuery(id: string) {
  return queryOptions({
    queryKey: ['messages', id],
    queryFn: ({ signal }) => call(readMessage, { params: { id } }, signal),
    refetchInterval: ({ state: { data } }) => messageIntervalMs(data),
  })
}

function messageIntervalMs(message: Message | undefined): number | false {
  switch (message?.status) {
    case 'sent':
    case 'failed':
    case 'cancelled':
      return false
    case 'held':
    case 'scheduled':
      return WAITING_MESSAGE_INTERVAL_MS
    default: {
      // After an attempt the next one takes its time; an upload moves all along.
      const waits = message && message.attempts.length > 0 && !(message.status === 'sending' && message.progress)
      return waits ? WAITING_MESSAGE_INTERVAL_MS : MESSAGE_INTERVAL_MS
    }
  }
}
