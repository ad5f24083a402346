import type { Settings } from '../faults/settings.ts'
import type { StoredMessage } from '../state/events.ts'
import { type GraphError, graphError } from './graph-error.ts'

/** No message is larger, whatever a tenant allows. */
export const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024

/** Why a message with this body and attachments of these sizes is refused; null when it is not. */
export function findMessageSizeFault(
  { content }: StoredMessage['body'],
  attachmentSizesBytes: readonly number[],
  settings: Settings,
): GraphError | null {
  const limitBytes = settings.messageSizeLimitBytes
  if (limitBytes === null) return null
  // The limit counts attachments as base64.
  const encodedBytes = attachmentSizesBytes.reduce((sum, sizeBytes) => sum + 4 * Math.ceil(sizeBytes / 3), 0)
  return Buffer.byteLength(content) + encodedBytes > limitBytes ? messageSizeExceeded(settings) : null
}

export function messageSizeExceeded({ messageTooLargeStatus }: Settings): GraphError {
  return graphError(
    messageTooLargeStatus,
    'ErrorMessageSizeExceeded',
    'The message exceeds the maximum supported size.',
  )
}
