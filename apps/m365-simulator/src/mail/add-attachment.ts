import type { Simulation } from '../simulation.ts'
import type { StoredAttachment } from '../state/events.ts'
import type { MailboxItem } from '../state/store.ts'

export function addAttachment(
  { mailbox, id, message }: MailboxItem,
  attachment: StoredAttachment,
  { store, clock }: Pick<Simulation, 'store' | 'clock'>,
): void {
  const attachments = [...message.attachments, attachment]
  store.commit({
    type: 'draft-saved',
    mailbox,
    id,
    message: { ...message, attachments, sentAt: clock().toISOString() },
  })
}
