import { type GraphError, graphError } from './graph-error.ts'
import { propertyKey } from './extended-properties.ts'
import { isMessageProperty, type MessageShape } from './message-json.ts'
import { isExtendedPropertyId } from './read-message.ts'

export type MessageFilter =
  | { readonly by: 'property'; readonly property: string; readonly value: string }
  | { readonly by: 'internetMessageId'; readonly value: string }

export interface MessageSearch extends MessageShape {
  readonly filter: MessageFilter | null
  readonly top: number
  readonly skip: number
}

export type QueryReading<Value> =
  | { readonly kind: 'query'; readonly query: Value }
  | { readonly kind: 'refused'; readonly error: GraphError }

const DEFAULT_TOP = 10
const MAX_TOP = 1000
const QUOTED = "'((?:[^']|'')*)'"
/** One of the two filters that the simulator reads. The name of the range variable is free. */
const PROPERTY_FILTER = new RegExp(
  `^singleValueExtendedProperties/any\\(\\s*(\\w+)\\s*:\\s*\\1/id eq ${QUOTED} and \\1/value eq ${QUOTED}\\s*\\)$`,
  'i',
)
const INTERNET_MESSAGE_ID_FILTER = new RegExp(`^internetMessageId eq ${QUOTED}$`, 'i')
const PROPERTY_EXPANSION = /^singleValueExtendedProperties\(\$filter=(.+)\)$/i
const ID_COMPARISON = new RegExp(`id eq ${QUOTED}(?: or |$)`, 'giy')

export function readMessageShape(query: URLSearchParams): QueryReading<MessageShape> {
  const error = findUnknownOption(query, ['$select', '$expand'])
  return error === null ? readShape(query) : { kind: 'refused', error }
}

export function readMessageSearch(query: URLSearchParams): QueryReading<MessageSearch> {
  const error = findUnknownOption(query, ['$select', '$expand', '$filter', '$top', '$skip'])
  if (error !== null) return { kind: 'refused', error }
  const shape = readShape(query)
  if (shape.kind === 'refused') return shape
  const top = readCount(query.get('$top'), DEFAULT_TOP, 1, MAX_TOP)
  const skip = readCount(query.get('$skip'), 0, 0, Number.MAX_SAFE_INTEGER)
  if (top === null) return refuseQuery(`The value of '$top' must be a number from 1 to ${MAX_TOP}.`)
  if (skip === null) return refuseQuery("The value of '$skip' must be a number.")
  const text = query.get('$filter')
  const filter = text === null ? null : readFilter(text)
  if (filter === 'invalid')
    return refuseQuery(
      "Invalid filter clause. The simulator reads \"singleValueExtendedProperties/Any(ep: ep/id eq '…' and ep/value eq '…')\" and \"internetMessageId eq '…'\" only.",
    )
  return { kind: 'query', query: { ...shape.query, filter, top, skip } }
}

function readShape(query: URLSearchParams): QueryReading<MessageShape> {
  const select =
    query
      .get('$select')
      ?.split(',')
      .map((name) => name.trim()) ?? null
  const unknown = select?.find((name) => !isMessageProperty(name))
  if (unknown !== undefined)
    return refuseQuery(`Could not find a property named '${unknown}' on type 'microsoft.graph.message'.`)
  const expansion = query.get('$expand')
  const expand = expansion === null ? new Set<string>() : readExpansion(expansion)
  if (expand === 'invalid')
    return refuseQuery(
      'Invalid $expand. The simulator reads "singleValueExtendedProperties($filter=id eq \'…\')" only, with several ids joined by or.',
    )
  return { kind: 'query', query: { select, expand } }
}

function readFilter(text: string): MessageSearch['filter'] | 'invalid' {
  const [, internetMessageId] = INTERNET_MESSAGE_ID_FILTER.exec(text.trim()) ?? []
  if (internetMessageId !== undefined) return { by: 'internetMessageId', value: unquote(internetMessageId) }
  const [, , id, value] = PROPERTY_FILTER.exec(text.trim()) ?? []
  if (id === undefined || value === undefined || !isExtendedPropertyId(unquote(id))) return 'invalid'
  return { by: 'property', property: propertyKey(unquote(id)), value: unquote(value) }
}

function readExpansion(text: string): Set<string> | 'invalid' {
  const conditions = PROPERTY_EXPANSION.exec(text.trim())?.[1]?.trim()
  if (conditions === undefined) return 'invalid'
  const matches = [...conditions.matchAll(ID_COMPARISON)]
  const isWhole = matches.reduce((length, [match]) => length + match.length, 0) === conditions.length
  const ids = matches.map(([, id]) => unquote(id ?? ''))
  if (!isWhole || / or $/i.test(conditions) || !ids.every((id) => isExtendedPropertyId(id))) return 'invalid'
  return new Set(ids.map((id) => propertyKey(id)))
}

function unquote(text: string): string {
  return text.replaceAll("''", "'")
}

function readCount(text: string | null, otherwise: number, min: number, max: number): number | null {
  if (text === null) return otherwise
  const count = /^\d{1,15}$/.test(text) ? Number(text) : -1
  return count < min || count > max ? null : count
}

export function findUnknownOption(query: URLSearchParams, known: readonly string[]): GraphError | null {
  const seen = new Set<string>()
  for (const name of query.keys()) {
    // An option without `$` is ignored, as any parameter the service does not know.
    if (!name.startsWith('$')) continue
    if (!known.includes(name)) return graphError(400, 'BadRequest', `The query option '${name}' is not supported here.`)
    if (seen.has(name)) return graphError(400, 'BadRequest', `The query option '${name}' is given more than once.`)
    seen.add(name)
  }
  return null
}

export function refuseQuery(message: string): { readonly kind: 'refused'; readonly error: GraphError } {
  return { kind: 'refused', error: graphError(400, 'BadRequest', message) }
}
