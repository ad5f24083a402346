import fc from 'fast-check'
import { systemClock } from '../../apps/api/src/runtime/clock.ts'

/** The part of JSON Schema that the API's description uses. */
export interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly propertyNames?: JsonSchema
  readonly additionalProperties?: unknown
}

const MAX_ITEMS = 4
const MAX_CHARACTERS = 60
const NEEDED = ['to', 'text']
const DAY_MS = 24 * 60 * 60_000
/** Mostly times that are allowed: a message may wait for a year. */
const dateTime = fc
  .integer({ min: -30 * DAY_MS, max: 360 * DAY_MS })
  .map((ahead) => new Date(systemClock().getTime() + ahead).toISOString())
/** Rules that the description does not express, by the name of the field. */
const BY_NAME: readonly (readonly [RegExp, fc.Arbitrary<string>])[] = [
  [/^(from|fromEmail)$/, fc.constantFrom('person-1@contoso.com', 'person-2@contoso.com')],
  [/^(address|to|cc|bcc|replyTo)$/, fc.constantFrom('cfo@example.com', 'ceo@example.com', 'jürgen@müller.de')],
  [/^url$/, fc.constantFrom('https://hooks.invalid/a', 'https://192.0.2.1/b')],
  [/^contentType$/, fc.constantFrom('application/pdf', 'image/png', 'text/plain; charset=utf-8')],
]

/** Mostly values that the schema allows; some break a rule that it does not express. */
export function valueOf(schema: JsonSchema, name = ''): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => valueOf(each, name)))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'object':
      return objectOf(schema)
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, name), {
        maxLength: Math.min(MAX_ITEMS, schema.maxItems ?? MAX_ITEMS),
      })
    case 'string':
      return textOf(schema, name)
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 200, 200) })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue()
  }
}

function objectOf({ properties, required = [], propertyNames, additionalProperties }: JsonSchema) {
  if (properties)
    return fc.record(
      Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valueOf(schema, name)])),
      { requiredKeys: [...required, ...NEEDED.filter((name) => name in properties)] },
    )
  const key = propertyNames ? textOf(propertyNames, '') : fc.string()
  return fc.dictionary(key, valueOf((additionalProperties ?? {}) as JsonSchema), { maxKeys: MAX_ITEMS })
}

function textOf({ pattern, format, maxLength = MAX_CHARACTERS }: JsonSchema, name: string) {
  if (format === 'date-time') return dateTime
  if (format === 'byte') return fc.base64String({ maxLength: 400 })
  const known = BY_NAME.find(([names]) => names.test(name))
  if (known) return known[1]
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength, MAX_CHARACTERS) })
}

const text = (value: unknown) => JSON.stringify(value) ?? 'null'
const ODD_VALUES = [null, '', 0, -1, 1e308, {}, [], '\0', '\ud800', 'a\r\nb', '\u202e', '%00', '<a@b.c>']
const ODD_NAMES = ['', '__proto__', 'constructor', 'to', '\0', '0', 'length', 'n'.repeat(3_000)]
const TOKENS = ['1e999', '-', 'NaN', '01', "'a'", '//', ',', '\u0000', '"', '\\', '\\u00', '}']
const ENTRIES = ['0', '{}', '[]', '"a@b.example"', '{"address":"a@b.example"}']

/** What mutations draw from. */
const drawn = fc.record({
  /** Selects one of a value's nodes, modulo their number. */
  at: fc.nat(1_000),
  other: fc.oneof(fc.constantFrom<unknown>(...ODD_VALUES), fc.jsonValue()),
  name: fc.constantFrom(...ODD_NAMES),
  token: fc.constantFrom(...TOKENS),
  entry: fc.constantFrom(...ENTRIES),
  unit: fc.constantFrom('a', '\\"', '\\u0000', 'é', '%', ' '),
  count: fc.constantFrom(200, 501, 5_000, 90_000, 400_000),
  percent: fc.nat(99),
  open: fc.constantFrom('[', '{"a":'),
  isClosed: fc.boolean(),
})
type Drawn = typeof drawn extends fc.Arbitrary<infer Values> ? Values : never

/** Each changes a value, or its serialized text, and is drawn as often as its weight says. */
const MUTATIONS: readonly { name: string; weight: number; apply: (value: unknown, drawn: Drawn) => string }[] = [
  { name: 'as it is', weight: 30, apply: text },
  { name: 'another value', weight: 10, apply: (value, { at, other }) => text(replaced(value, at, () => other)) },
  { name: 'a value left out', weight: 4, apply: (value, { at }) => text(replaced(value, at, () => undefined)) },
  {
    name: 'a field more',
    weight: 4,
    apply: (value, { at, name, other }) => text(value).replace(nth('{', at), `{${text(name)}:${text(other)},`),
  },
  {
    name: 'many entries',
    weight: 2,
    apply: (value, { at, entry, count }) =>
      text(replaced(value, at, () => MARK)).replace(text(MARK), () => `[${`${entry},`.repeat(count - 1)}${entry}]`),
  },
  {
    name: 'many unknown fields',
    weight: 2,
    apply: (_value, { count }) => `{${Array.from({ length: count }, (_, index) => `"f${index}":0`).join(',')}}`,
  },
  {
    name: 'a long text',
    weight: 2,
    apply: (value, { at, unit, count }) =>
      text(replaced(value, at, () => MARK)).replace(MARK, () => unit.repeat(count)),
  },
  {
    name: 'many levels',
    weight: 2,
    apply: (_value, { open, count, isClosed }) =>
      `${open.repeat(count)}0${isClosed ? (open === '[' ? ']' : '}').repeat(count) : ''}`,
  },
  {
    name: 'cut off',
    weight: 3,
    apply: (value, { percent }) => text(value).slice(0, (text(value).length * percent) / 100),
  },
  { name: 'a token put in', weight: 3, apply: (value, { at, token }) => inserted(text(value), at, token) },
]

export const jsonMutation = fc
  .tuple(fc.oneof(...MUTATIONS.map(({ weight, ...each }) => ({ weight, arbitrary: fc.constant(each) }))), drawn)
  .map(([{ name, apply }, values]) => ({ name, apply: (value: unknown) => apply(value, values) }))

const MARK = '\u2063mark\u2063'

/** Replaces the node at that position, counted depth first; undefined removes it. */
function replaced(value: unknown, at: number, by: () => unknown): unknown {
  const target = at % count(value)
  let seen = 0
  const walk = (each: unknown): unknown => {
    if (seen++ === target) return by()
    if (Array.isArray(each)) return each.map(walk).filter((item) => item !== undefined)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([name, item]) => [name, walk(item)]))
  }
  return walk(value)
}

function count(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, each) => sum + count(each), 1)
}

function nth(token: string, at: number): RegExp {
  return new RegExp(`(?<=^(?:[^${token}]*\\${token}){0,${at % 3}}[^${token}]*)\\${token}`)
}

function inserted(whole: string, at: number, token: string): string {
  const position = at % (whole.length + 1)
  return whole.slice(0, position) + token + whole.slice(position)
}

/** Encodes the text. */
export const textEncoding: fc.Arbitrary<(json: string) => Buffer> = fc.oneof(
  { weight: 20, arbitrary: fc.constant((json: string) => Buffer.from(json)) },
  fc.constant((json: string) => Buffer.from(`\ufeff${json}`)),
  fc.constant((json: string) => Buffer.from(json, 'utf16le')),
  fc.constant((json: string) => Buffer.from(json, 'latin1')),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => (json: string) => Buffer.concat([Buffer.from(json), bytes])),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => () => Buffer.from(bytes)),
)
