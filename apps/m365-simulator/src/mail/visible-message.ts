import type { MailAddress, StoredMessage } from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'

/** A message as the owner of its mailbox sees it. */
export interface VisibleMessage extends StoredMessage {
  readonly id: string
  readonly sequence: number
  readonly folder: MailboxItem['folder']
}

/** Only the sender and the blind copy's own recipient see it. */
export function visibleMessage({ id, sequence, folder, mailbox, message }: MailboxItem): VisibleMessage {
  const isOwner = ({ address }: MailAddress): boolean => address.toLowerCase() === mailbox
  const bcc =
    folder === 'sentItems' || message.isDraft ? message.bcc : message.bcc.filter((recipient) => isOwner(recipient))
  return { ...message, id, sequence, folder, bcc }
}
