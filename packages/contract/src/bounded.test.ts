import { expect, it } from 'vitest'
import { z } from 'zod'
import * as audit from './audit.ts'
import * as credential from './credential.ts'
import type { Endpoint } from './endpoint.ts'
import * as messageInput from './message-input.ts'
import * as messageList from './message-list.ts'
import * as message from './message.ts'
import * as notice from './notice.ts'
import * as settings from './office365-smtp.ts'
import * as serviceKey from './service-key.ts'
import * as session from './session.ts'
import * as setupCheck from './setup-check.ts'
import * as usage from './usage.ts'
import * as webhook from './webhook.ts'

const ENTRIES = 20_000
const SUBJECTS = [
  audit,
  credential,
  message,
  messageInput,
  messageList,
  notice,
  settings,
  serviceKey,
  session,
  setupCheck,
  usage,
  webhook,
]

interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly additionalProperties?: unknown
  readonly maxItems?: number
  readonly maxProperties?: number
}

/** Everything that a request may carry, by name. */
const inputs = SUBJECTS.flatMap((subject) => Object.values<unknown>(subject))
  .filter((value): value is Endpoint => typeof value === 'object' && value !== null && 'operation' in value)
  .flatMap(({ operation, params, query, body }) =>
    Object.entries({ params, query, body }).flatMap(([part, schema]) =>
      schema ? [{ name: `${part} of ${operation}`, schema }] : [],
    ),
  )

function describe(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

const isList = ({ type, additionalProperties }: JsonSchema) =>
  type === 'array' || (typeof additionalProperties === 'object' && additionalProperties !== null)

function within(schema: JsonSchema): JsonSchema[] {
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(schema.anyOf ?? []),
  ]
  return [schema, ...inner.flatMap(within)]
}

it.each(inputs)('bounds every array and record in the $name', ({ schema }) => {
  const unbounded = within(describe(schema))
    .filter(isList)
    .filter(({ maxItems, maxProperties }) => maxItems === undefined && maxProperties === undefined)

  expect(unbounded).toEqual([])
})

it.each(
  inputs.flatMap(({ name, schema }) =>
    Object.entries(describe(schema).properties ?? {})
      .filter(([, property]) => isList(property))
      .map(([field, { type }]) => ({ name, schema, field, type })),
  ),
)('counts the entries of $field in the $name before it looks at one', ({ schema, field, type }) => {
  const entries = Array.from({ length: ENTRIES }, () => 0)
  const value = type === 'array' ? entries : Object.fromEntries(entries.map((entry, index) => [index, entry]))

  const issues = schema.safeParse({ [field]: value }).error?.issues ?? []
  expect(issues.filter(({ path }) => path[0] === field).map(({ path }) => path)).toEqual([[field]])
})
