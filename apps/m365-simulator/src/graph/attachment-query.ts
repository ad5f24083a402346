import { findUnknownOption, type QueryReading, refuseQuery } from './message-query.ts'

interface AttachmentList {
  /** null: everything, the contents included */
  readonly select: readonly string[] | null
}

/** Of the type that all kinds of attachments share, and a selection is of that: neither contents nor contentId. */
const PROPERTIES = new Set(['id', 'contentType', 'isInline', 'lastModifiedDateTime', 'name', 'size'])

export function readAttachmentList(query: URLSearchParams): QueryReading<AttachmentList> {
  // `$top` and `$skip` do nothing here: the list comes whole (reported at msgraph-metadata).
  const error = findUnknownOption(query, ['$select', '$top', '$skip'])
  if (error !== null) return { kind: 'refused', error }
  const select =
    query
      .get('$select')
      ?.split(',')
      .map((name) => name.trim()) ?? null
  const unknown = select?.find((name) => !PROPERTIES.has(name))
  if (unknown !== undefined)
    return refuseQuery(`Could not find a property named '${unknown}' on type 'microsoft.graph.attachment'.`)
  return { kind: 'query', query: { select } }
}
