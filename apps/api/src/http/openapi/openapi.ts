import { readFile } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { MAX_ATTACHMENTS } from '@inforiver-mail/contract/message-input'
import { problemCodes } from '@inforiver-mail/contract/language/en/problem-codes'
import { PROBLEM_STATUS, ProblemCode } from '@inforiver-mail/contract/problem'
import fp from 'fastify-plugin'
import { createJsonSchemaTransform } from 'fastify-type-provider-zod'
import { VERSION } from '../../runtime/version.ts'
import { documentationPage } from './openapi-page.ts'
import { withExamples } from './openapi-examples.ts'
import { PROBLEM_EXAMPLES } from '../problem-examples.ts'
import { describeProblem, ProblemError } from '../problem.ts'
import { keepExamples, withNamedSchemas, type ApiDocument, type ApiOperation } from './openapi-schemas.ts'
import { TAGS, tagOf } from './openapi-tags.ts'
import { sessionCookieName } from '../session.ts'

const EXAMPLE_REQUEST_ID = '0b7f3c1e-58d2-4f6a-9a41-2c6d8e0f1b35'
const PROBLEM_TYPE = 'application/problem+json'
const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig: { override: keepExamples } })

/** Serves the contract as `GET /openapi.json` and `/docs`, for engineers of other services and code generators. */
export const openapi = fp<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Inforiver Mail',
          version: VERSION,
          description:
            'Submit a message and forget it: it is delivered once through the Microsoft 365 mailbox of the tenant. Failures are RFC 9457 problem details.',
        },
        servers: [{ url: publicUrl }],
        tags: TAGS.map(({ name, description }) => ({ name, description })),
        components: {
          examples: problemExamples(),
          securitySchemes: {
            serviceKey: {
              type: 'http',
              scheme: 'bearer',
              description: 'A service key, made by a workspace admin. Beside it stands the scope that it needs.',
            },
            session: {
              type: 'apiKey',
              in: 'cookie',
              name: sessionCookieName(publicUrl),
              description: 'Of somebody who has signed in with Microsoft. What changes something needs our Origin too.',
            },
          },
        },
      },
      transform: (data) => {
        const endpoint = data.route.config?.serves
        if (!endpoint) return { ...data, schema: { hide: true } }
        const { schema, url } = toJsonSchema(withoutEmptyInput(data, endpoint))
        return { url, schema: describe(endpoint, schema) }
      },
      transformObject: (document) => finish(withExamples(withNamedSchemas(document))) as object,
    })
    app.get('/openapi.json', async () => app.swagger())
    let page: string | null = null
    app.get('/docs', async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send((page ??= documentationPage(app.swagger() as unknown as ApiDocument))),
    )
    app.get('/docs/', async (_request, reply) => reply.redirect('/docs', 308))
    app.get('/docs/docs-page.css', async (_request, reply) =>
      reply
        .type('text/css; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(await readFile(new URL('docs-page.css', import.meta.url))),
    )
  },
  { name: 'openapi' },
)

/** What the libraries make of an operation's schemas: JSON Schema, which each of them types in its own way. */
interface DescribedSchema {
  readonly body?: unknown
  readonly response?: unknown
}

function describe(endpoint: Endpoint, schema: DescribedSchema) {
  const { body } = schema
  const tag = tagOf(endpoint.path)
  return {
    ...schema,
    operationId: endpoint.operation,
    summary: endpoint.summary,
    description: endpoint.description,
    ...(tag && { tags: [tag] }),
    ...(body !== undefined && { body: requestBody(endpoint, body) }),
    response: {
      ...successOf(endpoint, schema.response),
      ...(endpoint.or && successOf({ ...endpoint, ...endpoint.or }, schema.response)),
      ...problemsOf(endpoint),
    },
    security: [
      ...(endpoint.scope ? [{ serviceKey: [endpoint.scope] }] : []),
      ...(endpoint.session ? [{ session: [] }] : []),
    ],
  }
}

/** Puts the operations in the order of their tags, and adds a command for each. */
function finish(document: ApiDocument): ApiDocument {
  const placeOf = ({ tags: [tag] = [] }: ApiOperation): number => TAGS.findIndex(({ name }) => name === tag)
  const paths = Object.entries(document.paths).map(([path, methods]) => {
    const operations = Object.entries(methods).toSorted(([, one], [, other]) => placeOf(one) - placeOf(other))
    const place = Math.min(...operations.map(([, operation]) => placeOf(operation)))
    const [{ url } = { url: '' }] = document.servers
    const finished = operations.map(([method, operation]) => {
      const source = curlOf(`${url}${path}`, method, operation)
      return [method, { ...operation, 'x-codeSamples': [{ lang: 'Shell', source }] }] as const
    })
    return { path, place, methods: Object.fromEntries(finished) }
  })
  const sorted = paths.toSorted((one, other) => one.place - other.place)
  return { ...document, paths: Object.fromEntries(sorted.map(({ path, methods }) => [path, methods])) }
}

function curlOf(url: string, method: string, { parameters = [], requestBody, security }: ApiOperation): string {
  const address = parameters.reduce(
    (text, each) => (each.in === 'path' ? text.replace(`{${each.name}}`, String(each.example)) : text),
    url,
  )
  const isForServices = security.some(({ serviceKey }) => serviceKey)
  const body = requestBody?.content['application/json']?.example
  return [
    `curl -X ${method.toUpperCase()} '${address}'`,
    isForServices ? '-H "Authorization: Bearer $SERVICE_KEY"' : '-H "Cookie: $SESSION_COOKIE"',
    ...(isForServices || method === 'get' ? [] : [`-H 'Origin: ${new URL(url).origin}'`]),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `--data '${JSON.stringify(body)}'`]),
  ].join(' \\\n  ')
}

/** Drops the schemas that only refuse a query or a body, which the endpoint does not have. */
function withoutEmptyInput<Data extends { readonly schema: object }>(data: Data, { query, body }: Endpoint): Data {
  const { querystring: _query, body: _body, ...schema } = data.schema as Record<string, unknown>
  return { ...data, schema: { ...schema, ...(query && { querystring: query }), ...(body && { body }) } }
}

/** Describes a body that is JSON, or with attachments also multipart with the same JSON as its part `message`. */
function requestBody({ takesAttachments }: Endpoint, schema: unknown) {
  const json = { 'application/json': { schema } }
  if (!takesAttachments) return { content: json }
  const parts = {
    type: 'object',
    required: ['message'],
    properties: {
      message: schema,
      attachment: {
        type: 'array',
        maxItems: MAX_ATTACHMENTS,
        items: { type: 'string', format: 'binary' },
        description: 'Each a part of its own. Best after message, so that a refusal does not wait for them.',
        examples: [['%PDF-1.7 …']],
      },
    },
  }
  return { content: { ...json, 'multipart/form-data': { schema: parts } } }
}

function successOf(
  { response, status, answer: description, answerHeaders, exampleAnswer, contentType }: Endpoint,
  described: unknown,
) {
  if (!response) return { [status]: { type: 'null', description } }
  const { [status]: schema } = (described ?? {}) as Record<number, object>
  const headers = answerHeaders && Object.fromEntries(Object.entries(answerHeaders).map(describeHeader))
  // The library describes an answer with a media type of its own as its content already.
  const content = contentType ? schema : { content: { 'application/json': { schema, example: exampleAnswer } } }
  return { [status]: { description, ...(headers && { headers }), ...content } }
}

function describeHeader([name, description]: [string, string]) {
  return [name, { type: 'string', description }] as const
}

function problemExamples() {
  return Object.fromEntries(
    ProblemCode.options.map((code) => {
      const description = problemCodes[`${code}.description`]
      const { detail, errors } = PROBLEM_EXAMPLES[code] ?? { detail: description }
      const value = describeProblem(new ProblemError(code, detail, errors && { errors }), EXAMPLE_REQUEST_ID)
      return [code, { summary: problemCodes[`${code}.title`], description, value }]
    }),
  )
}

/** Describes each status of a failure, with an example of each code that it can have. */
function problemsOf(endpoint: Endpoint): Record<string, object> {
  const byStatus = Map.groupBy(failuresOf(endpoint), ({ status }) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, failures]) => {
      const codes = failures.map(({ code }) => code)
      const schema = { $ref: '#/components/schemas/Problem' }
      const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]))
      const description = `${STATUS_CODES[status]}: ${codes.join(', ')}`
      return [status, { description, content: { [PROBLEM_TYPE]: { schema, examples } } }]
    }),
  )
}

interface Failure {
  readonly status: number
  readonly code: ProblemCode
}

function failuresOf({ method, session, scope, problems = [] }: Endpoint): readonly Failure[] {
  const changes = method !== 'GET'
  const codes: readonly ProblemCode[] = [
    'invalid-input', // at least for an unknown query parameter
    ...(session ? ['not-signed-in' as const] : []),
    ...(scope ? ['invalid-service-key' as const, 'scope-missing' as const] : []),
    ...(session && changes ? ['cross-origin' as const] : []),
    ...(session === 'workspace-admin' ? ['not-workspace-admin' as const, 'office365-smtp-disabled' as const] : []),
    ...problems,
    'expectation-failed',
    'rate-limited',
    'internal',
    'unavailable',
  ]
  // A body that is too large has no code of its own here.
  const tooLarge =
    changes && !codes.includes('message-too-large') ? [{ status: 413, code: 'invalid-input' as const }] : []
  return [...codes.map((code) => ({ status: PROBLEM_STATUS[code], code })), ...tooLarge]
}
