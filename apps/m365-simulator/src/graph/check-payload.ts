import { ENUMS, type ModelType, TYPES } from './model.ts'

const DATE_TIME_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
/** The annotations that a client may send. */
const ANNOTATIONS = new Set(['@odata.type', '@odata.etag', '@odata.context', '@odata.id'])

/**
 * Checks a JSON value against a type of the model.
 *
 * @returns what is wrong (an unknown or missing property, or a wrong type), in OData's wording, or null
 */
export function findPayloadFault(value: unknown, type: string, path: string): string | null {
  const collection = /^Collection\((.+)\)$/.exec(type)?.[1]
  if (collection !== undefined) return findCollectionFault(value, collection, path)
  if (value === null) return null
  const members = ENUMS[type]
  if (members !== undefined) {
    const isMember = typeof value === 'string' && members.some((member) => member.toLowerCase() === value.toLowerCase())
    return isMember
      ? null
      : `Requested value '${describe(value)}' was not found in 'microsoft.graph.${type}' at '${path}'.`
  }
  if (type.startsWith('Edm.')) return isPrimitive(value, type) ? null : conversionFault(value, type, path)
  return findObjectFault(value, type, path)
}

export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64.test(text)
}

function findCollectionFault(value: unknown, itemType: string, path: string): string | null {
  if (!Array.isArray(value))
    return `Cannot read '${path}': a collection was expected and '${describe(value)}' was found.`
  for (const [position, item] of value.entries()) {
    const itemPath = `${path}[${position}]`
    if (item === null) return `A null value was found in the collection '${path}', which does not allow null values.`
    const fault = findPayloadFault(item, itemType, itemPath)
    if (fault !== null) return fault
  }
  return null
}

function findObjectFault(value: unknown, declaredType: string, path: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `Cannot read '${path}': an object of type 'microsoft.graph.${declaredType}' was expected.`
  }
  const type = actualType(value as Record<string, unknown>, declaredType)
  if (type === null) return `The type named by '@odata.type' at '${path}' is not a 'microsoft.graph.${declaredType}'.`
  const chain = withBases(type)
  if (chain[0] === undefined || chain[0].isAbstract) {
    return `The type 'microsoft.graph.${type}' at '${path}' is abstract: name the actual one with '@odata.type'.`
  }
  for (const [name, member] of Object.entries(value)) {
    if (ANNOTATIONS.has(name)) continue
    const memberType = chain.find(({ properties }) => Object.hasOwn(properties, name))?.properties[name]
    if (memberType === undefined) {
      return `The property '${name}' does not exist on type 'microsoft.graph.${type}'. Make sure to only use property names that are defined by the type.`
    }
    const fault = findPayloadFault(member, memberType, `${path}.${name}`)
    if (fault !== null) return fault
  }
  const required = chain.flatMap((type) => type.required ?? [])
  const missing = required.find((name) => ((value as Record<string, unknown>)[name] ?? null) === null)
  return missing === undefined ? null : `The required property '${missing}' is missing from '${path}'.`
}

/** @returns null when the annotation names a type that does not fit here */
function actualType(value: Record<string, unknown>, declaredType: string): string | null {
  const annotation = value['@odata.type']
  if (annotation === undefined) return declaredType
  const name = typeof annotation === 'string' ? /^#?microsoft\.graph\.(\w+)$/i.exec(annotation)?.[1] : undefined
  for (let type = name; type !== undefined; type = TYPES[type]?.base) if (type === declaredType) return name ?? null
  return null
}

function isPrimitive(value: unknown, type: string): boolean {
  switch (type) {
    case 'Edm.String':
      return typeof value === 'string'
    case 'Edm.Boolean':
      return typeof value === 'boolean'
    case 'Edm.Int32':
      return Number.isInteger(value) && Math.abs(value as number) <= 0x7fffffff
    case 'Edm.Int64':
      return Number.isSafeInteger(value)
    case 'Edm.DateTimeOffset':
      return typeof value === 'string' && DATE_TIME_OFFSET.test(value)
    case 'Edm.Binary':
      return typeof value === 'string' && isBase64(value)
    default:
      throw new Error(`The model names an unknown primitive type: ${type}`)
  }
}

function conversionFault(value: unknown, type: string, path: string): string {
  return `Cannot convert the literal '${describe(value)}' to the expected type '${type}' at '${path}'.`
}

function describe(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')).slice(0, 40)
}

/** The type and its base types. */
function withBases(name: string | undefined): ModelType[] {
  const type = name === undefined ? undefined : TYPES[name]
  return type === undefined ? [] : [type, ...withBases(type.base)]
}
