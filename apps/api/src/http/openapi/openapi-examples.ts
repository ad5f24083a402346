import { SCHEMAS, type ApiContent, type ApiDocument, type ApiOperation, type ApiSchema } from './openapi-schemas.ts'

/**
 * Completes the examples, of which the contract has those of single fields: what consists of others, such as a list or a
 * body, is put together from the first example of each.
 */
export function withExamples(document: ApiDocument): ApiDocument {
  const named = document.components.schemas
  const schemas = mapValues(named, (schema) => withFieldExamples(schema, named))
  const paths = mapValues(document.paths, (methods) => mapValues(methods, (operation) => complete(operation, named)))
  return { ...document, paths, components: { ...document.components, schemas } }
}

type Named = Readonly<Record<string, ApiSchema>>

function complete(operation: ApiOperation, named: Named): ApiOperation {
  const { requestBody, responses } = operation
  const contentOf = (content: Readonly<Record<string, ApiContent>>) =>
    mapValues(content, (each, type) => (type === 'multipart/form-data' ? each : withExample(each, named)))
  return {
    ...operation,
    ...(requestBody && { requestBody: { ...requestBody, content: contentOf(requestBody.content) } }),
    responses: mapValues(responses, (answer, status) =>
      answer.content && status < '300' ? { ...answer, content: contentOf(answer.content) } : answer,
    ),
  }
}

/** Its `example` holds the fields that differ from the examples of the schema. */
function withExample({ schema, example, ...content }: ApiContent, named: Named): ApiContent {
  const whole = exampleOf(schema, named)
  return {
    ...content,
    schema: withFieldExamples(schema, named),
    example: example === undefined ? whole : { ...(whole as object), ...(example as object) },
  }
}

function exampleOf(schema: ApiSchema, named: Named): unknown {
  const { $ref, examples, items, anyOf, oneOf, properties } = schema
  const [first] = anyOf ?? oneOf ?? []
  if (examples) return examples[0]
  if ($ref) return exampleOf(named[$ref.slice(SCHEMAS.length)] ?? {}, named)
  if (first) return exampleOf(first, named)
  if (items) return [exampleOf(items, named)]
  return properties && mapValues(properties, (each) => exampleOf(each, named))
}

/** Gives every field an example, at any depth. */
function withFieldExamples(schema: ApiSchema, named: Named): ApiSchema {
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
