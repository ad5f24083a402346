import type { AuditAction, AuditDetails } from '@inforiver-mail/contract/audit'
import { AuditAction as AuditActions } from '@inforiver-mail/contract/audit'
import { Scope } from '@inforiver-mail/contract/caller'
import { ConnectionProblem, ConsentProblemCode, ReportsProblemCode } from '@inforiver-mail/contract/consent-problem'
import type { ConsentProblem, ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Attachment, MessageProblem, Recipient } from '@inforiver-mail/contract/message'
import {
  AttemptOutcome,
  Delivery,
  DeliverySource,
  HeldBecause,
  MessagePriority,
  MessageProblemCode,
  MessageStatus,
} from '@inforiver-mail/contract/message'
import { AlertType } from '@inforiver-mail/contract/notice'
import { MailState } from '@inforiver-mail/contract/overview'
import { ConsentPurpose, ConsentStatus, MailboxKind, SettingsStatus } from '@inforiver-mail/contract/office365-smtp'
import { Values } from '@inforiver-mail/contract/values'
import { WebhookOutcome, WebhookSubject, WebhookType, type WebhookAttempt } from '@inforiver-mail/contract/webhook'

// During an upgrade the next release works on the same database, and may have stored values that this one does not know.
// Whatever the contract lists and the database stores is read here, so that such a value never makes a request fail: it
// is shown as the nearest known one. No column has a CHECK that would refuse the values of the next release.

/**
 * Returns the known value that begins with the most words of the stored one, such as `send-as-denied` for
 * `send-as-expired`; `otherwise` if none begins with its first word.
 */
function nearest<Known extends string>(known: readonly Known[], stored: unknown, otherwise: Known): Known {
  const words = wordsOf(stored)
  const found = known.find((value) => value === stored)
  if (found !== undefined || words.length === 0) return found ?? otherwise
  const shared = known.map((value) => countShared(wordsOf(value), words))
  const most = Math.max(...shared)
  return (most === 0 ? undefined : known[shared.indexOf(most)]) ?? otherwise
}

function wordsOf(value: unknown): string[] {
  return typeof value === 'string' ? value.split(/[-.]/) : []
}

function countShared(some: readonly string[], others: readonly string[]): number {
  const firstOther = some.findIndex((word, index) => word !== others[index])
  return firstOther === -1 ? some.length : firstOther
}

export const readAttemptOutcome = readerOf(AttemptOutcome.options, 'unknown')
export const readPriority = readerOf(MessagePriority.options, 'normal')
export const readSettingsStatus = readerOf(SettingsStatus.options, 'connected')
export const readMailState = readerOf(MailState.options, 'stopped')
export const readMailboxKind = readerOf(MailboxKind.options, 'delegated')
export const readConsentPurpose = readerOf(ConsentPurpose.options, 'reconnect')
export const readHeldBecause = orNull(readerOf(HeldBecause.options, 'not-configured'))
/** Null while only a note or a detail is known of a recipient. */
export const readDelivery = orNull(readerOf(Delivery.options, 'unknown'))
export const readDeliverySource = orNull(readerOf(DeliverySource.options, 'trace'))

function readerOf<Known extends string>(known: readonly Known[], otherwise: Known): (stored: string) => Known {
  return (stored) => nearest(known, stored, otherwise)
}

function orNull<Known>(read: (stored: string) => Known): (stored: string | null) => Known | null {
  return (stored) => (stored === null ? null : read(stored))
}

/** @param hasEnded for a status that is unknown */
export function readMessageStatus(stored: string, hasEnded: boolean): MessageStatus {
  const known = hasEnded ? (['sent', 'failed', 'cancelled'] as const) : MessageStatus.options
  return nearest(known, stored, hasEnded ? 'failed' : 'queued')
}

export function readMessageProblem(stored: unknown): MessageProblem | null {
  if (!isRecord(stored)) return null
  return {
    code: nearest(MessageProblemCode.options, stored['code'], 'message-refused'),
    values: readValues(stored['values']),
    title: textOf(stored['title']) ?? '',
    detail: textOf(stored['detail']) ?? '',
    microsoftCode: textOf(stored['microsoftCode']),
    requestId: textOf(stored['requestId']),
  }
}

export function readRecipients(stored: readonly Recipient[]): Recipient[] {
  return stored.map(({ address, name }) => ({ address, ...(typeof name === 'string' && { name }) }))
}

export function readAttachments(stored: readonly Attachment[]): Attachment[] {
  return stored.map(({ filename, contentType, sizeBytes, inline }) => ({ filename, contentType, sizeBytes, inline }))
}

/** @param status of the settings */
export function readSettingsProblem(stored: unknown, status: SettingsStatus): ConnectionProblem | null {
  if (!isRecord(stored)) return null
  const otherwise = status === 'reconnect-required' ? status : 'app-misconfigured'
  return {
    ...readExplanation(stored),
    code: nearest(ConnectionProblem.shape.code.options, stored['code'], otherwise),
    since: textOf(stored['since']) ?? new Date(0).toISOString(),
  }
}

export function readConsentStatus(stored: string, hasEnded: boolean): ConsentStatus {
  return nearest(ConsentStatus.options, stored, hasEnded ? 'failed' : 'pending')
}

export function readConsentProblem(stored: unknown): ConsentProblem | null {
  if (!isRecord(stored)) return null
  const code = nearest(ConsentProblemCode.options, stored['code'], 'microsoft-refused')
  return { ...readExplanation(stored), code }
}

export function readReportsProblem(stored: unknown): ReportsProblem | null {
  if (!isRecord(stored)) return null
  return {
    ...readExplanation(stored),
    code: nearest(ReportsProblemCode.options, stored['code'], 'trace-unavailable'),
    since: textOf(stored['since']) ?? new Date(0).toISOString(),
  }
}

function readExplanation(stored: Readonly<Record<string, unknown>>) {
  return {
    values: readValues(stored['values']),
    title: textOf(stored['title']) ?? '',
    detail: textOf(stored['detail']) ?? '',
    action: textOf(stored['action']) ?? '',
    correlationId: textOf(stored['correlationId']),
  }
}

/** Leaves out what this version could not grant. */
export function readScopes(stored: readonly string[]): Scope[] {
  return stored.filter((scope): scope is Scope => Scope.options.some((known) => known === scope))
}

/** Names an unknown action in the details, so that the log says what happened. */
export function readAuditAction(stored: string, details: unknown): { action: AuditAction; details: AuditDetails } {
  const known = Object.fromEntries(Object.entries(isRecord(details) ? details : {}).map(toDetail))
  const action = nearest(AuditActions.options, stored, 'notice-dismissed')
  return { action, details: action === stored ? known : { ...known, recordedAs: stored } }
}

function toDetail([name, value]: [string, unknown]): [string, AuditDetails[string]] {
  const isPlain = value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return [name, isPlain ? value : JSON.stringify(value)]
}

/** The stored type of the alert of failed messages, which the API calls `messages.failed`. */
const STORED_FAILED = 'message.failed'

/** `newer`: the stored type, if this version does not know it. */
export function readAlertType(stored: string): { type: AlertType; newer: string | null } {
  if (stored === STORED_FAILED) return { type: 'messages.failed', newer: null }
  const type = nearest(AlertType.options, stored, 'queue.stalled')
  return { type, newer: type === stored ? null : stored }
}

export function storedAlertType(type: AlertType): string {
  return type === 'messages.failed' ? STORED_FAILED : type
}

/** The types of a webhook; null stands for every alert. What only a newer version sends is left out. */
export function readWebhookTypes(stored: readonly string[] | null): WebhookSubject[] {
  if (stored === null) return [...AlertType.options]
  return stored.filter((type): type is WebhookSubject => WebhookSubject.options.some((known) => known === type))
}

export function readWebhookAttempt(stored: unknown): WebhookAttempt | null {
  if (!isRecord(stored)) return null
  return {
    at: textOf(stored['at']) ?? new Date(0).toISOString(),
    type: nearest(WebhookType.options, stored['type'], 'webhook.test'),
    outcome: nearest(WebhookOutcome.options, stored['outcome'], 'connection-failed'),
    status: typeof stored['status'] === 'number' ? stored['status'] : null,
  }
}

/** Null and foreign shapes are read as no values: an older version stored none. */
export function readValues(stored: unknown): Values {
  const read = Values.safeParse(stored)
  return read.success ? read.data : {}
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
