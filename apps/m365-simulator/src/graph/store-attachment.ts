import { newItemId } from '../mail/deliver.ts'
import type { Simulation } from '../simulation.ts'
import { type Blobs, NO_BLOBS } from '../state/blobs.ts'
import type { StoredAttachment } from '../state/events.ts'
import type { NewAttachment } from './read-message.ts'

export function storeAttachment({ content, ...about }: NewAttachment, blobs: Blobs): StoredAttachment {
  return { ...about, id: newItemId(), sizeBytes: content.length, sha256: blobs.put(content) }
}

/** Where contents are kept: nowhere when mail is not. */
export function attachmentBlobs({ settings, store }: Pick<Simulation, 'settings' | 'store'>): Blobs {
  return settings.current.storeMail ? store.blobs : NO_BLOBS
}
