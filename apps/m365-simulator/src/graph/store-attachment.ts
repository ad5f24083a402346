import { newItemId } from '../mail/deliver.ts'
import type { Blobs } from '../state/blobs.ts'
import type { StoredAttachment } from '../state/events.ts'
import type { NewAttachment } from './read-message.ts'

export function storeAttachment({ content, ...about }: NewAttachment, blobs: Blobs): StoredAttachment {
  return { ...about, id: newItemId(), sizeBytes: content.length, sha256: blobs.put(content) }
}
