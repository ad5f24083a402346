import { type AuditFilter, listAuditEvents } from '@inforiver-mail/contract/audit'
import { readCredential } from '@inforiver-mail/contract/credential'
import {
  listMessages,
  type Message,
  type MessageStatus,
  readMessage,
  readUsage,
} from '@inforiver-mail/contract/message'
import { listNotices } from '@inforiver-mail/contract/notice'
import { readConsent, readSettings } from '@inforiver-mail/contract/office365-smtp'
import { listServiceKeys } from '@inforiver-mail/contract/service-key'
import { readSession } from '@inforiver-mail/contract/session'
import { listWebhooks } from '@inforiver-mail/contract/webhook'
import { queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import { pagedQuery } from './paged-query.ts'

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

/** Polled while the consent is pending: only the API knows the outcome, whatever happened to the window. */
export function consentQuery(id: string) {
  return queryOptions({
    queryKey: ['consents', id],
    queryFn: ({ signal }) => call(readConsent, { params: { id } }, signal),
    refetchInterval: ({ state: { data } }) => (data && data.status !== 'pending' ? false : CONSENT_INTERVAL_MS),
  })
}

/** Polled until the message has ended. That includes held messages, since they are released automatically. */
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
      // After a failed attempt nothing changes for a while; an upload moves all the time.
      const waits = message && message.attempts.length > 0 && !(message.status === 'sending' && message.progress)
      return waits ? WAITING_MESSAGE_INTERVAL_MS : MESSAGE_INTERVAL_MS
    }
  }
}

const CREDENTIAL_INTERVAL_MS = 15 * 60_000

export const credentialQuery = queryOptions({
  queryKey: ['tenant-settings', 'office365-smtp', 'credential'],
  queryFn: ({ signal }) => call(readCredential, {}, signal),
  refetchInterval: CREDENTIAL_INTERVAL_MS,
})

const MESSAGE_LIST_INTERVAL_MS = 10_000

/** The key prefix of every list of messages, to invalidate them together. */
export const MESSAGE_LISTS = ['message-lists'] as const

/** The newest messages of all services; with `status`, only those. */
export function messageListQuery(status: MessageStatus | null) {
  return pagedQuery({
    queryKey: [...MESSAGE_LISTS, status],
    intervalMs: MESSAGE_LIST_INTERVAL_MS,
    read: (page, signal) => call(listMessages, { query: { ...page, ...(status && { status }) } }, signal),
  })
}

const SERVICE_KEYS_INTERVAL_MS = 15_000

export const serviceKeysQuery = queryOptions({
  queryKey: ['service-keys'],
  queryFn: ({ signal }) => call(listServiceKeys, {}, signal),
  refetchInterval: SERVICE_KEYS_INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})

const NOTICES_INTERVAL_MS = 30_000

export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: ({ signal }) => call(listNotices, {}, signal),
  refetchInterval: NOTICES_INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})

const WEBHOOKS_INTERVAL_MS = 15_000

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => call(listWebhooks, {}, signal),
  refetchInterval: WEBHOOKS_INTERVAL_MS,
  refetchOnWindowFocus: 'always',
})

const AUDIT_INTERVAL_MS = 30_000

export function auditListQuery(filter: AuditFilter) {
  return pagedQuery({
    queryKey: ['audit-events', filter],
    intervalMs: AUDIT_INTERVAL_MS,
    read: (page, signal) => call(listAuditEvents, { query: { ...filter, ...page } }, signal),
  })
}
