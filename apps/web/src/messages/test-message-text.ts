import type { Message } from '@inforiver-mail/contract/message'
import type { Intent } from '../ui/notice.tsx'
import { HELD_TEXT, waitingReason } from './message-text.ts'

export interface MessageText {
  readonly intent: Intent
  readonly title: string
  readonly detail: string
  /** True while the message may still be sent. */
  readonly busy: boolean
}

/** The status of a test mail. */
export function messageText(message: Message): MessageText {
  const { status, from, to, attempts, heldBecause, possibleDuplicate, problem } = message
  const recipients = to.map(({ address }) => address).join(', ')
  switch (status) {
    case 'sent':
      return {
        intent: 'success',
        title: 'Test mail sent',
        detail: `From ${from ?? 'the sender'} to ${recipients}. It can take a moment to arrive.${possibleDuplicate ? " It may arrive twice, because Microsoft's first answer was lost." : ''}`,
        busy: false,
      }
    case 'failed':
      return {
        intent: 'error',
        title: problem?.title ?? 'The test mail was not sent',
        detail: problem?.detail ?? 'No reason is known.',
        busy: false,
      }
    case 'held':
      return {
        intent: 'warning',
        title: 'The test mail is held',
        detail: heldBecause ? HELD_TEXT[heldBecause].reason : 'It goes out once the settings allow it.',
        busy: false,
      }
    case 'cancelled':
      return { intent: 'info', title: 'The test mail was cancelled', detail: 'It was not sent.', busy: false }
    case 'sending':
      return { intent: 'info', title: 'Sending the test mail', detail: `To ${recipients}.`, busy: true }
    case 'scheduled':
    case 'queued': {
      const last = attempts.at(-1)
      if (last) return { intent: 'info', title: 'The test mail will be tried again', detail: last.detail, busy: true }
      const reason = waitingReason(message)
      return reason === null
        ? { intent: 'info', title: 'The test mail is about to be sent', detail: `To ${recipients}.`, busy: true }
        : { intent: 'info', title: 'The test mail waits', detail: reason, busy: true }
    }
  }
}
