import type { MailAddress, StoredMessage } from '../state/events.ts'
import type { MailboxItem } from '../state/store.ts'

/** A message as its owner sees it. */
export interface VisibleMessage extends Omit<StoredMessage, 'submittedBy'> {
  readonly id: string
  readonly sequence: number
  readonly folder: MailboxItem['folder']
}

/** Blind copies are known to the sender only, and to the one who got it. */
export function visibleMessage({ id, sequence, folder, mailbox, message }: MailboxItem): VisibleMessage {
  const { submittedBy: _, ...visible } = message
  const isOwner = ({ address }: MailAddress): boolean => address.toLowerCase() === mailbox
  const bcc =
    folder === 'sentItems' || message.isDraft ? visible.bcc : visible.bcc.filter((recipient) => isOwner(recipient))
  return { ...visible, id, sequence, folder, bcc }
}
