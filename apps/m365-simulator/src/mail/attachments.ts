import type { Simulation } from '../simulation/simulation.ts'
import { type Blobs, NO_BLOBS } from '../tenant/blobs.ts'
import type { StoredAttachment } from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'
import { newItemId } from './new-ids.ts'

export type NewAttachment = Omit<StoredAttachment, 'id' | 'sizeBytes' | 'sha256'> & { readonly content: Buffer }

/** Stores the content, unless mail is not stored. */
export function storeAttachment({ content, ...about }: NewAttachment, simulation: Simulation): StoredAttachment {
  return { ...about, id: newItemId(), sizeBytes: content.length, sha256: attachmentBlobs(simulation).put(content) }
}

export function attachmentBlobs({ settings, store }: Simulation): Blobs {
  return settings.current.storeMail ? store.blobs : NO_BLOBS
}

export function addToDraft(
  { mailbox, id, message }: MailboxItem,
  attachment: StoredAttachment,
  simulation: Simulation,
): void {
  const attachments = [...message.attachments, attachment]
  const sentAt = simulation.clock().toISOString()
  simulation.store.commit({ type: 'draft-saved', mailbox, id, message: { ...message, attachments, sentAt } })
}
