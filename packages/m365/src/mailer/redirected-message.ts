import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Recipient } from '@inforiver-mail/contract/message'
import { MAX_SUBJECT_CHARACTERS } from '@inforiver-mail/contract/message-input'
import { cutText } from '../cut-text.ts'
import { withoutReceipts } from './mime-message.ts'
import type { OutgoingMime } from './outgoing-message.ts'

/** What a redirection changes of a message. */
export interface Addressed {
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[]
  readonly bcc: readonly Recipient[]
  readonly subject: string
  readonly mime?: Pick<OutgoingMime, 'source'>
}

/**
 * The message as it goes to one address alone, with a subject that says whom it was for. MIME may name those who are told
 * when it is read, who are not told of this one.
 */
export function redirectMessage<Message extends Addressed>(message: Message, address: string): Message {
  const { mime } = message
  return {
    ...message,
    to: [{ address }],
    cc: [],
    bcc: [],
    subject: redirectedSubject(message),
    ...(mime && { mime: { ...mime, source: withoutReceipts(mime.source) } }),
  }
}

/** The subject of a redirected message, cut to the length that a subject may have. */
function redirectedSubject(message: Addressed): string {
  const subject = `${redirectionMark(message)}${message.subject}`
  if (subject.length <= MAX_SUBJECT_CHARACTERS) return subject
  return `${cutText(subject, MAX_SUBJECT_CHARACTERS - ELLIPSIS.length)}${ELLIPSIS}`
}

const ELLIPSIS = '…'

/**
 * Whether a draft that was found has the recipients that the message goes to now. Of a message that is not redirected
 * only the subject tells: Microsoft may spell the addresses of others differently.
 *
 * @param message as it goes to Microsoft
 */
export function isDraftFor(
  { subject, to }: { readonly subject: string | null; readonly to: readonly (string | null)[] },
  message: Addressed,
  redirectedTo: string | null,
): boolean {
  if (redirectedTo === null) return !(subject ?? '').startsWith(redirectionMark(message))
  return subject === message.subject && to.length === 1 && sameAddress(to[0] ?? '', redirectedTo)
}

/** What the subject of a redirected message begins with, such as `[for a@b.example +2] `. */
function redirectionMark({ to, cc, bcc }: Addressed): string {
  const [first, ...others] = [...to, ...cc, ...bcc]
  if (!first) return ''
  return `[for ${first.address}${others.length > 0 ? ` +${others.length}` : ''}] `
}
