import type {
  Attachment,
  AttemptOutcome,
  HeldBecause,
  Message,
  MessagePriority,
  MessageStatus,
  Recipient,
  WaitingBecause,
} from '@inforiver-mail/contract/message'

const RECIPIENTS_IN_LIST = 2
const BYTES_PER_MB = 1024 * 1024
/** Smaller uploads show tenths of a MB, so that they are seen to move. */
const WHOLE_FROM_MB = 10

type Progress = NonNullable<Message['progress']>

export const STATUS_LABELS = {
  scheduled: 'Scheduled',
  queued: 'Queued',
  sending: 'Sending',
  sent: 'Sent',
  failed: 'Failed',
  held: 'Held',
  cancelled: 'Cancelled',
} as const satisfies Record<MessageStatus, string>

export const OUTCOME_LABELS = {
  sent: 'Accepted by Microsoft',
  throttled: 'Microsoft asked to wait',
  unavailable: 'Microsoft not available',
  refused: 'Refused by Microsoft',
  unknown: 'No answer: it may have been sent',
} as const satisfies Record<AttemptOutcome, string>

const HELD_NOTES = {
  'not-configured': 'No mailbox connected',
  'reconnect-required': 'Mailbox has to be reconnected',
  'large-attachments-disabled': 'Needs large file attachments',
  'app-misconfigured': 'App registration does not work',
} as const satisfies Record<NonNullable<Message['heldBecause']>, string>

/** The short reason why a queued message waits, for lists. */
const WAITING_NOTES = {
  'mailbox-paused': 'Mailbox is paused',
  'messages-per-minute': 'Limit of messages a minute',
  'recipients-per-day': 'Limit of recipients a day',
  'uploads-per-5-minutes': 'Limit of uploads',
  'requests-at-once': 'Other messages are being sent',
  retry: 'Will be tried again',
} as const satisfies Record<WaitingBecause, string>

/** Lists the same in full, for the page of the message. */
const WAITING_REASONS = {
  'mailbox-paused': 'Microsoft takes no mail from the mailbox until then, or gives no access to it.',
  'messages-per-minute':
    'The mailbox sends a limited number of messages a minute, and this one waits for the messages before it.',
  'recipients-per-day':
    'The mailbox sends to a limited number of recipients a day, and this message waits until enough are free again.',
  'uploads-per-5-minutes':
    'Microsoft takes a limited number of bytes from the mailbox in 5 minutes. The upload goes on when there is room.',
  'requests-at-once': 'As many other messages of the mailbox are being sent as Microsoft takes at once.',
  retry: 'The last attempt did not succeed, or its outcome is not known.',
} as const satisfies Record<WaitingBecause, string>

/** Why a message waits, in full sentences; null when it does not wait for anything. */
export function waitingReason({ waitingBecause }: Message): string | null {
  return waitingBecause && WAITING_REASONS[waitingBecause]
}

/** Such as "1 message", "12,000 messages" or "about 12,000 messages". */
export function countText(count: number, isEstimate: boolean): string {
  const text = `${count.toLocaleString('en')} ${count === 1 ? 'message' : 'messages'}`
  return isEstimate ? `about ${text}` : text
}

/** What a list shows below the status. */
export function statusNotes({
  status,
  heldBecause,
  problem,
  waitingBecause,
  possibleDuplicate,
}: Omit<Message, 'recipients'>): string[] {
  const notes: string[] = []
  if (status === 'held' && heldBecause) notes.push(HELD_NOTES[heldBecause])
  if (status === 'failed' && problem) notes.push(problem.title)
  if (waitingBecause) notes.push(WAITING_NOTES[waitingBecause])
  if (possibleDuplicate) notes.push('May arrive twice')
  return notes
}

/** The service of test mails, which a person sends from the page. */
const SERVICE_OF_THE_PAGE = 'tenant-settings'

export function serviceText(service: string): string {
  return service === SERVICE_OF_THE_PAGE ? 'Tenant Settings' : service
}

export const PRIORITY_LABELS = {
  high: 'High: it leaves before others of the mailbox',
  normal: 'Normal',
  low: 'Low: others of the mailbox leave before it',
} as const satisfies Record<MessagePriority, string>

/** The receipts that a message asks for; null for none. */
export function receiptsText({ requestReadReceipt, requestDeliveryReceipt }: Message): string | null {
  const asked = [...(requestReadReceipt ? ['read'] : []), ...(requestDeliveryReceipt ? ['delivered'] : [])]
  return asked.length === 0 ? null : `When ${asked.join(' and when ')}`
}

/** Describes a file, such as "q3.pdf, 1.2 MB". */
export function attachmentText({ filename, sizeBytes, inline }: Attachment): string {
  return `${filename}, ${sizeText(sizeBytes)}${inline ? ', shown in the text' : ''}`
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < BYTES_PER_MB ? `${Math.round(bytes / 1024)} KB` : `${(bytes / BYTES_PER_MB).toFixed(1)} MB`
}

export function recipientText({ address, name }: Recipient): string {
  return name ? `${name} (${address})` : address
}

export function recipientsNote(to: readonly Recipient[]): string {
  if (to.length === 0) return 'Copies only'
  const shown = to.slice(0, RECIPIENTS_IN_LIST).map(({ address }) => address)
  const more = to.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

export function subjectText(subject: string): string {
  return subject.trim() || '(no subject)'
}

/** Explains why a message may arrive twice; null when it cannot. */
export function duplicateText({ possibleDuplicate, status }: Message): string | null {
  if (!possibleDuplicate) return null
  if (status === 'sent') {
    return "Microsoft's answer to an earlier attempt was lost, so it was sent again. The recipients may have it twice."
  }
  return "Microsoft's answer to an earlier attempt was lost, so the recipients may have it already."
}

/** Formats the progress of an upload, such as "12 of 60 MB". */
export function progressText({ sentBytes, totalBytes }: Progress): string {
  const decimals = totalBytes < WHOLE_FROM_MB * BYTES_PER_MB ? 1 : 0
  const inMb = (bytes: number) => (bytes / BYTES_PER_MB).toFixed(decimals)
  return `${inMb(sentBytes)} of ${inMb(totalBytes)} MB`
}

/**
 * What a screen reader announces about an upload: each quarter, then that the message is sent. Any other end has a notice
 * of its own, so it is not announced here.
 */
export function uploadAnnouncement({ status, progress }: Message): string {
  if (progress) {
    const quarters = Math.floor((4 * progress.sentBytes) / progress.totalBytes)
    return quarters > 0
      ? `${quarters * 25} percent of the attachments are uploaded`
      : 'The attachments are being uploaded'
  }
  if (status === 'sending') return 'The attachments are uploaded'
  return status === 'sent' ? 'The message is sent' : ''
}

/** Says of a message without attempts why there are none. */
export function noAttemptText({ status, progress }: Message): string {
  if (status === 'cancelled') return 'No attempt to send it was made.'
  if (progress && (status === 'sending' || status === 'queued')) {
    return 'Its attachments are being uploaded. It is sent when all of them are there.'
  }
  if (status === 'sending') return 'The first attempt is under way.'
  return 'No attempt to send it has been made yet.'
}

/** A message whose attachments are still being uploaded has certainly not been sent. */
export function canCancel({ status, progress }: Message): boolean {
  return (
    status === 'scheduled' || status === 'queued' || status === 'held' || (status === 'sending' && progress !== null)
  )
}

export function canRetry({ status }: Message): boolean {
  return status === 'failed'
}

/** True when the recipients may have it already, so a person has to decide on another attempt. */
export function retryMayDuplicate({ problem, possibleDuplicate, attempts }: Message): boolean {
  return (
    problem?.code === 'outcome-unknown' || possibleDuplicate || attempts.some(({ outcome }) => outcome === 'unknown')
  )
}

/** Why a message is held, and what an admin can do about it on the settings page. */
export const HELD_TEXT = {
  'not-configured': {
    reason: 'No mailbox is connected. The mail goes out once one is.',
    action: 'Connect a mailbox',
  },
  'reconnect-required': {
    reason: 'Microsoft no longer accepts the access. The mail goes out once the mailbox is reconnected.',
    action: 'Reconnect the mailbox',
  },
  'large-attachments-disabled': {
    reason: 'The mail needs large file attachments. It goes out once they are enabled.',
    action: 'Enable large file attachments',
  },
  'app-misconfigured': {
    reason: 'The app registration in Entra does not work. The mail goes out once the operator has fixed it.',
    action: 'See what the operator has to fix',
  },
} as const satisfies Record<HeldBecause, unknown>
