import type { MailAddress, StoredMessage } from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'

/** A message as the owner of its mailbox sees it. */
export interface VisibleMessage extends Omit<StoredMessage, 'submittedBy'> {
  readonly id: string
  readonly sequence: number
  readonly folder: MailboxItem['folder']
}

/** Only the sender and the blind copy's own recipient see it. */
export function visibleMessage({ id, sequence, folder, mailbox, message }: MailboxItem): VisibleMessage {
  const { submittedBy: _, ...visible } = message
  const isOwner = ({ address }: MailAddress): boolean => address.toLowerCase() === mailbox
  const bcc =
    folder === 'sentItems' || message.isDraft ? visible.bcc : visible.bcc.filter((recipient) => isOwner(recipient))
  return { ...visible, id, sequence, folder, bcc }
}
