import { randomBytes, randomUUID } from 'node:crypto'
import type { Simulation } from '../simulation/simulation.ts'
import { type Blobs, NO_BLOBS } from '../tenant/data-folder.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'
import type { StoredAttachment } from '../tenant/message.ts'
import type { MailboxItem } from '../tenant/store.ts'

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

/** Makes an id as long as Exchange's, and case-sensitive like them. */
export function newItemId(): string {
  return randomBytes(105).toString('base64url')
}

export function newMessageId({ domain }: DirectoryIndex): string {
  return `<${randomUUID()}@${domain}>`
}
