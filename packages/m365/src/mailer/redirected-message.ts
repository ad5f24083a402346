import { MAX_SUBJECT_CHARACTERS, type Recipient } from '@inforiver-mail/contract/message'

/** What a redirection changes of a message. */
export interface Addressed {
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[]
  readonly bcc: readonly Recipient[]
  readonly subject: string
}

/** The message as it goes to one address alone, with a subject that says whom it was for. */
export function redirectMessage<Message extends Addressed>(message: Message, address: string): Message {
  return { ...message, to: [{ address }], cc: [], bcc: [], subject: redirectedSubject(message) }
}

/** The subject of a redirected message, cut to the length that a subject may have. */
export function redirectedSubject(message: Addressed): string {
  const subject = `${redirectionMark(message)}${message.subject}`
  if (subject.length <= MAX_SUBJECT_CHARACTERS) return subject
  const end = MAX_SUBJECT_CHARACTERS - ELLIPSIS.length
  // Half of a surrogate pair is no character.
  return `${subject.slice(0, end).replace(/[\ud800-\udbff]$/, '')}${ELLIPSIS}`
}

const ELLIPSIS = '…'

/** What the subject of a redirected message begins with, such as `[for a@b.example +2] `. */
export function redirectionMark({ to, cc, bcc }: Addressed): string {
  const [first, ...others] = [...to, ...cc, ...bcc]
  if (!first) return ''
  return `[for ${first.address}${others.length > 0 ? ` +${others.length}` : ''}] `
}
