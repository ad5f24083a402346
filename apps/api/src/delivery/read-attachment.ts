import { CHUNK_BYTES, type ContentCipher } from '@inforiver-mail/m365/content-cipher'
import { freeBuffer } from '@inforiver-mail/m365/free-buffer'
import type { ContentAttachment } from '@inforiver-mail/m365/message-content'
import type { OutgoingAttachment } from '@inforiver-mail/m365/outgoing-message'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import type { Deliveries } from '../queue/queue.ts'

export type AttachmentReader = ReturnType<typeof createAttachmentReader>

/** Reads attachments of a message, wherever they are stored. Memory holds what was asked for, and one chunk. */
export function createAttachmentReader(
  deliveries: Pick<Deliveries, 'readChunks'>,
  cipher: ContentCipher,
  message: MarkedMessage,
) {
  /** Fills `target` with the attachment's bytes from `start` on, and returns the part of it that was filled. */
  async function range(attachment: ContentAttachment, start: number, target: Buffer): Promise<Buffer> {
    const { sizeBytes } = attachment
    const end = Math.min(start + target.length, sizeBytes)
    if ('content' in attachment) {
      attachment.content.copy(target, 0, start, end)
      return target.subarray(0, end - start)
    }
    const from = Math.floor(start / CHUNK_BYTES)
    const to = Math.max(from + 1, Math.ceil(end / CHUNK_BYTES)) // an empty file has one chunk
    let chunk = from
    await deliveries.readChunks(message, attachment.part, { from, to }, (sealed) => {
      const begins = chunk * CHUNK_BYTES
      const opened = open(attachment.part, chunk, sizeBytes, sealed)
      opened.copy(target, Math.max(0, begins - start), Math.max(0, start - begins), end - begins)
      freeBuffer(opened)
      chunk += 1
    })
    return target.subarray(0, end - start)
  }

  function open(part: number, chunk: number, sizeBytes: number, sealed: Buffer): Buffer {
    const { tenantId: tenant, id } = message
    const last = (chunk + 1) * CHUNK_BYTES >= sizeBytes
    return cipher.open(sealed, { tenant, message: id, part: `attachment-${part}`, chunk, last })
  }

  return {
    range,
    async whole(attachment: ContentAttachment): Promise<OutgoingAttachment> {
      const { filename, contentType, contentId, sizeBytes } = attachment
      const content = await range(attachment, 0, Buffer.allocUnsafe(sizeBytes))
      return { filename, contentType, contentId, content }
    },
  }
}
