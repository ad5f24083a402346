import type { Settings } from '../faults/settings.ts'
import type { StoredMessage } from '../tenant/message.ts'
import { GraphError } from './graph-error.ts'

/** The limit for a single attachment, whatever a tenant allows. */
const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024

/** @throws GraphError when the message exceeds the tenant's limit, which counts attachments as base64 */
export function requireAcceptableSize(
  { content }: StoredMessage['body'],
  attachmentSizesBytes: readonly number[],
  settings: Settings,
): void {
  const encodedBytes = attachmentSizesBytes.reduce((sum, sizeBytes) => sum + 4 * Math.ceil(sizeBytes / 3), 0)
  const limitBytes = settings.messageSizeLimitBytes ?? Number.POSITIVE_INFINITY
  const isTooLarge = Buffer.byteLength(content) + encodedBytes > limitBytes
  if (!isTooLarge && attachmentSizesBytes.every((sizeBytes) => sizeBytes <= MAX_ATTACHMENT_BYTES)) return
  const message = 'The message exceeds the maximum supported size.'
  throw new GraphError(settings.messageTooLargeStatus, 'ErrorMessageSizeExceeded', message)
}
