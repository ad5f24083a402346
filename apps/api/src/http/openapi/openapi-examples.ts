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
