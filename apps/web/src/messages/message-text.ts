import {
  type Attachment,
  Delivery,
  type Message,
  type MessageStatus,
  type MessageSummary,
  type Recipient,
} from '@inforiver-mail/contract/message'
import type { Pause } from '@inforiver-mail/contract/usage'
import { pauseText, serverText } from '../api/server-text.ts'
import type { Translate } from '../language/translate.ts'

const RECIPIENTS_IN_LIST = 2
const BYTES_PER_KB = 1024
const BYTES_PER_MB = 1024 * 1024
/** Smaller uploads show tenths of a MB, so that they are seen to move. */
const WHOLE_FROM_MB = 10

type Progress = NonNullable<Message['progress']>

/** Why a message waits, in full sentences; null when it does not wait for anything. `pause` is that of the mailbox. */
export function waitingReason(
  { waitingBecause }: Pick<Message, 'waitingBecause'>,
  pause: Pause | null | undefined,
  t: Translate,
): string | null {
  return waitingBecause && t(`sending.waits.${waitingBecause}`, { why: pauseText(pause, t) })
}

/** What a list shows beside the status, in short. */
export function statusNotes(message: MessageSummary, t: Translate): string[] {
  const { status, heldBecause, problem, waitingBecause, nextAttemptAt, possibleDuplicate, delivery } = message
  const notes: string[] = []
  if (status === 'held' && heldBecause) notes.push(t(`messages.held.${heldBecause}`))
  if (status === 'failed' && problem) notes.push(serverText(problem, t).title)
  if (waitingBecause) notes.push(t(`messages.waits.${waitingBecause}`))
  if (waitingBecause && nextAttemptAt) notes.push(t('messages.not-before', { at: t.time(nextAttemptAt, 'seconds') }))
  if (possibleDuplicate) notes.push(t('messages.filter.possibleDuplicate'))
  if (status === 'sent') notes.push(...deliveryNotes(delivery, t))
  return notes
}

/** How many recipients are in each state; nothing where no report is on. */
function deliveryNotes(delivery: MessageSummary['delivery'], t: Translate): string[] {
  return Delivery.options.flatMap((state) => {
    const count = delivery[state] ?? 0
    return state === 'unknown' || count === 0 ? [] : [t(`messages.delivered.${state}`, { count })]
  })
}

/** The service of test mails, which a person sends from the page. */
const SERVICE_OF_THE_PAGE = 'tenant-settings'

export function serviceText(service: string, t: Translate): string {
  return service === SERVICE_OF_THE_PAGE ? t('messages.service-of-the-page') : service
}

/** Returns the service that a person means, who reads the name of that of test mails in their language. */
export function serviceNamed(text: string, t: Translate): string {
  const isOfThePage = text.toLowerCase() === t('messages.service-of-the-page').toLowerCase()
  return isOfThePage ? SERVICE_OF_THE_PAGE : text
}

/** The receipts that a message asks for; null for none. */
export function receiptsText(message: Message, t: Translate): string | null {
  const { requestReadReceipt, requestDeliveryReceipt } = message
  if (!requestReadReceipt && !requestDeliveryReceipt) return null
  return t('messages.receipts', {
    which: requestReadReceipt && requestDeliveryReceipt ? 'both' : requestReadReceipt ? 'read' : 'delivered',
  })
}

/** Describes a file, such as "q3.pdf, 1.2 MB". */
export function attachmentText({ filename, sizeBytes, inline }: Attachment, t: Translate): string {
  return t('messages.attachment', {
    filename: apart(filename),
    size: sizeText(sizeBytes, t),
    inline: inline ? 'yes' : 'no',
  })
}

function sizeText(bytes: number, t: Translate): string {
  if (bytes < BYTES_PER_KB) return t('messages.bytes', { bytes })
  if (bytes < BYTES_PER_MB) return t('messages.kilobytes', { size: t.number(Math.round(bytes / BYTES_PER_KB)) })
  return t('messages.megabytes', { size: oneDecimal(bytes / BYTES_PER_MB, 1, t) })
}

export function recipientText({ address, name }: Recipient): string {
  if (!name) return address
  return `${apart(name)} (${address})`
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/** Keeps a text from right to left from changing the order of what is beside it (FIRST STRONG ISOLATE and its end). */
function apart(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text
}

export function recipientsNote(to: readonly Recipient[], t: Translate): string {
  if (to.length === 0) return t('messages.copies-only')
  const shown = to.slice(0, RECIPIENTS_IN_LIST).map(({ address }) => address)
  const more = to.length - shown.length
  return more > 0 ? t('messages.and-more', { shown: shown.join(', '), more }) : shown.join(', ')
}

export function subjectText(subject: string, t: Translate): string {
  return subject.trim() || t('messages.no-subject')
}

/** Explains why a message may arrive twice; null when it cannot. */
export function duplicateText({ possibleDuplicate, status }: Message, t: Translate): string | null {
  if (!possibleDuplicate) return null
  return t(status === 'sent' ? 'messages.duplicate.sent' : 'messages.duplicate.waiting')
}

/** Formats the progress of an upload, such as "12 of 60 MB". */
export function progressText({ sentBytes, totalBytes }: Progress, t: Translate): string {
  const decimals = totalBytes < WHOLE_FROM_MB * BYTES_PER_MB ? 1 : 0
  const inMb = (bytes: number) => oneDecimal(bytes / BYTES_PER_MB, decimals, t)
  return t('messages.progress', { sent: inMb(sentBytes), total: inMb(totalBytes) })
}

function oneDecimal(value: number, decimals: 0 | 1, t: Translate): string {
  return t.number(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/**
 * What a screen reader announces about an upload: each quarter, then that the message is sent. Any other end has a notice
 * of its own, so it is not announced here.
 */
export function uploadAnnouncement({ status, progress }: Message, t: Translate): string {
  if (progress) {
    const quarters = Math.floor((4 * progress.sentBytes) / progress.totalBytes)
    return quarters > 0 ? t('messages.upload.percent', { percent: quarters * 25 }) : t('messages.upload.started')
  }
  if (status === 'sending') return t('messages.upload.ended')
  return status === 'sent' ? t('messages.upload.sent') : ''
}

/** Says of a message without attempts why there are none. */
export function noAttemptText({ status, progress }: Message, t: Translate): string {
  if (status === 'cancelled') return t('messages.no-attempt.cancelled')
  if (progress && (status === 'sending' || status === 'queued')) return t('messages.no-attempt.uploading')
  return t(status === 'sending' ? 'messages.no-attempt.sending' : 'messages.no-attempt.yet')
}

type Standing = Pick<Message, 'status' | 'progress'>

/** A message whose attachments are still being uploaded has certainly not been sent. */
export function canCancel({ status, progress }: Standing): boolean {
  return WAITING.has(status) || (status === 'sending' && progress !== null)
}

const WAITING: ReadonlySet<MessageStatus> = new Set(['scheduled', 'queued', 'held'])

export function canRetry({ status, problem }: Pick<Message, 'status' | 'problem'>): boolean {
  return status === 'failed' && problem?.code !== 'expired'
}

/** True when the recipients may have it already, so a person has to decide on another attempt. */
export function retryMayDuplicate(message: Pick<Message, 'problem' | 'possibleDuplicate' | 'attempts'>): boolean {
  const { problem, possibleDuplicate, attempts } = message
  return (
    problem?.code === 'outcome-unknown' || possibleDuplicate || attempts.some(({ outcome }) => outcome === 'unknown')
  )
}
