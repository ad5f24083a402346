import type { InputFault, ProblemCode } from '@inforiver-mail/contract/problem'
import { say, type Said } from '../problem.ts'
import { SCHEMAS, type ApiContent, type ApiSchema, type NamedSchemas } from './openapi-schemas.ts'

// The contract has examples of single fields. What consists of others, such as a list or a body, is put together from the
// first example of each.

/** Its `example` holds the fields that differ from the examples of the schema. */
export function withExample({ schema, example }: ApiContent, named: NamedSchemas): ApiContent {
  const whole = exampleOf(schema, named)
  return {
    schema: withFieldExamples(schema, named),
    example: example === undefined ? whole : { ...(whole as object), ...(example as object) },
  }
}

function exampleOf(schema: ApiSchema, named: NamedSchemas): unknown {
  const { $ref, examples, items, anyOf, oneOf, properties } = schema
  const [first] = anyOf ?? oneOf ?? []
  if (examples) return examples[0]
  if ($ref) return exampleOf(named.get($ref.slice(SCHEMAS.length)) ?? {}, named)
  if (first) return exampleOf(first, named)
  if (items) return [exampleOf(items, named)]
  return properties && mapValues(properties, (each) => exampleOf(each, named))
}

/** Gives every field an example, at any depth. */
export function withFieldExamples(schema: ApiSchema, named: NamedSchemas): ApiSchema {
  const { properties, items, anyOf, oneOf } = schema
  const within = (each: ApiSchema) => withFieldExamples(each, named)
  return {
    ...schema,
    ...(properties && {
      properties: mapValues(properties, (field) => ({
        ...within(field),
        examples: field.examples ?? [exampleOf(field, named)],
      })),
    }),
    ...(items && { items: within(items) }),
    ...(anyOf && { anyOf: anyOf.map(within) }),
    ...(oneOf && { oneOf: oneOf.map(within) }),
  }
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value, name: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]))
}

/** An example of a problem in OpenAPI, where its description alone would not show what the detail says. */
export interface ProblemExample {
  readonly detail: string | Said
  readonly errors?: readonly Pick<InputFault, 'path' | 'message'>[]
}

export const PROBLEM_EXAMPLES: Partial<Record<ProblemCode, ProblemExample>> = {
  'invalid-input': {
    detail: 'subject: At most 998 characters.',
    errors: [{ path: 'subject', message: 'At most 998 characters.' }],
  },
  'scope-missing': { detail: say('scope-missing', { scope: 'messages:send' }) },
  'message-not-cancellable': { detail: say('has-ended', { status: 'sent' }) },
  'message-too-large': {
    detail: say('attachment-too-large', {
      arriving: 'no',
      attachment: 1,
      sizeBytes: 167_772_160,
      limitBytes: 157_286_400,
    }),
  },
  'sender-not-allowed': {
    detail: 'Messages leave from reports@contoso.com only.',
    errors: [{ path: 'from', message: 'Messages leave from reports@contoso.com only.' }],
  },
  'recipient-not-allowed': {
    detail: 'to[0]: Mail to example.org is not allowed.',
    errors: [{ path: 'to[0]', message: 'Mail to example.org is not allowed.' }],
  },
  'search-too-long': { detail: say('search-too-long', { seconds: 10 }) },
  'storage-full': {
    detail: say('storage-full', {
      storedBytes: 10_737_418_240,
      storageBytes: 10_737_418_240,
      neededBytes: 52_428,
    }),
  },
}
