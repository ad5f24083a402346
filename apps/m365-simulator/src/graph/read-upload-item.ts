import type { AttachmentItem } from '@microsoft/microsoft-graph-types'
import { findPayloadFault } from './check-payload.ts'
import { type GraphError, graphError } from './graph-error.ts'
import { isJsonObject, NO_JSON } from './read-message.ts'

/** The attachment for which an upload session is asked. */
export interface UploadItem {
  readonly name: string
  readonly contentType: string
  readonly contentId: string | null
  readonly isInline: boolean
  readonly sizeBytes: number
}

type UploadItemReading =
  | { readonly kind: 'read'; readonly item: UploadItem }
  | { readonly kind: 'refused'; readonly error: GraphError }

/** Reads the body of the action `createUploadSession`; `payload` is undefined when it was no JSON. */
export function readUploadItem(payload: unknown): UploadItemReading {
  if (!isJsonObject(payload)) return NO_JSON
  let value: unknown
  for (const [name, member] of Object.entries(payload)) {
    // Parameter names are matched in any case, property names are not.
    if (name.toLowerCase() !== 'attachmentitem' || value !== undefined) {
      return refuse(
        'RequestBodyRead',
        `The parameter '${name}' in the request payload is not a valid parameter for the operation 'createUploadSession'.`,
      )
    }
    value = member
  }
  if ((value ?? null) === null) {
    return refuse('ErrorInvalidParameter', "The parameter 'AttachmentItem' is missing or null.")
  }
  const fault = findPayloadFault(value, 'attachmentItem', 'AttachmentItem')
  if (fault !== null) return refuse('RequestBodyRead', fault)
  const item = value as AttachmentItem
  if (item.attachmentType?.toLowerCase() !== 'file') {
    return refuse('SimulatorNotSupported', 'The simulator takes file attachments only.')
  }
  return {
    kind: 'read',
    item: {
      name: item.name ?? '',
      contentType: item.contentType ?? 'application/octet-stream',
      contentId: item.contentId ?? null,
      isInline: item.isInline ?? false,
      sizeBytes: item.size ?? 0,
    },
  }
}

function refuse(code: string, message: string): { readonly kind: 'refused'; readonly error: GraphError } {
  return { kind: 'refused', error: graphError(400, code, message) }
}
