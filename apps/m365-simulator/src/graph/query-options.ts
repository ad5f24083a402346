import { GraphError } from './graph-error.ts'
import { isMessageProperty } from './message-json.ts'
import { isExtendedPropertyId } from './read-message.ts'
import { propertyKey } from '../tenant/message.ts'

export type MessageFilter = ReturnType<typeof readFilter>

const MAX_TOP = 1000
/** A string literal of OData, in which a quotation mark is doubled. */
export const QUOTED = "'((?:[^']|'')*)'"
/** The name of the range variable is free. */
const PROPERTY_FILTER = new RegExp(
  `^singleValueExtendedProperties/any\\(\\s*(\\w+)\\s*:\\s*\\1/id eq ${QUOTED} and \\1/value eq ${QUOTED}\\s*\\)$`,
  'i',
)
const PROPERTY_EXPANSION = new RegExp(
  `^singleValueExtendedProperties\\(\\$filter=(id eq ${QUOTED}(?: or id eq ${QUOTED})*)\\)$`,
  'i',
)
const INTERNET_MESSAGE_ID_FILTER = new RegExp(`^internetMessageId eq ${QUOTED}$`, 'i')
/** Selections are of the type that all kinds of attachments share, which has neither contents nor contentId. */
const ATTACHMENT_PROPERTIES = new Set(['id', 'contentType', 'isInline', 'lastModifiedDateTime', 'name', 'size'])

/** What is asked of one message. @throws GraphError */
export function readMessageSelection(query: URLSearchParams) {
  requireOptions(query, ['$select', '$expand'])
  return { select: readSelection(query, 'message', isMessageProperty), expand: readExpansion(query.get('$expand')) }
}

/** @throws GraphError */
export function readMessageSearch(query: URLSearchParams) {
  requireOptions(query, ['$select', '$filter', '$expand', '$top'])
  const filter = query.get('$filter')
  return {
    select: readSelection(query, 'message', isMessageProperty),
    top: readTop(query.get('$top') ?? '10'),
    filter: filter === null ? null : readFilter(filter.trim()),
    expand: readExpansion(query.get('$expand')),
  }
}

/** Returns the ids of the extended properties that `$expand` asks for. @throws GraphError */
export function readExpansion(text: string | null): readonly string[] {
  if (text === null) return []
  const [, filter = ''] = PROPERTY_EXPANSION.exec(text.trim()) ?? []
  const ids = [...filter.matchAll(new RegExp(QUOTED, 'g'))].map(([, id = '']) => unquote(id))
  if (ids.length > 0 && ids.every((id) => isExtendedPropertyId(id))) return ids
  throw new GraphError('BadRequest', 'Invalid expand clause.')
}

/** Returns the selected properties; null: all, including the contents. @throws GraphError */
export function readAttachmentSelection(query: URLSearchParams): readonly string[] | null {
  // The service ignores `$top` and `$skip` here and returns the whole list, as reported at msgraph-metadata.
  requireOptions(query, ['$select', '$top', '$skip'])
  return readSelection(query, 'attachment', (name) => ATTACHMENT_PROPERTIES.has(name))
}

/** @throws GraphError when an option that starts with `$` is unknown or repeated; any other parameter is ignored */
export function requireOptions(query: URLSearchParams, known: readonly string[]): void {
  const names = [...query.keys()].filter((name) => name.startsWith('$'))
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new GraphError('BadRequest', `The query option '${unknown}' is not supported here.`)
  const repeated = names.find((name, position) => names.indexOf(name) !== position)
  if (repeated !== undefined)
    throw new GraphError('BadRequest', `The query option '${repeated}' is given more than once.`)
}

/** Reads `$select`; null: it is absent. @throws GraphError when it names a property that the type does not have */
export function readSelection(
  query: URLSearchParams,
  type: string,
  isProperty: (name: string) => boolean,
): readonly string[] | null {
  const select = query.get('$select')
  if (select === null) return null
  const names = select.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !isProperty(name))
  if (unknown === undefined) return names
  throw new GraphError('BadRequest', `Could not find a property named '${unknown}' on type 'microsoft.graph.${type}'.`)
}

function readFilter(text: string) {
  const [, internetMessageId] = INTERNET_MESSAGE_ID_FILTER.exec(text) ?? []
  if (internetMessageId !== undefined) return { by: 'internetMessageId' as const, value: unquote(internetMessageId) }
  const [, , id, value] = PROPERTY_FILTER.exec(text) ?? []
  if (id !== undefined && value !== undefined && isExtendedPropertyId(unquote(id))) {
    return { by: 'property' as const, property: propertyKey(unquote(id)), value: unquote(value) }
  }
  throw new GraphError('BadRequest', 'Invalid filter clause.')
}

export function unquote(text: string): string {
  return text.replaceAll("''", "'")
}

function readTop(text: string): number {
  const top = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (top >= 1 && top <= MAX_TOP) return top
  throw new GraphError('BadRequest', `The value of '$top' must be a number from 1 to ${MAX_TOP}.`)
}
