import { STATUS_CODES } from 'node:http'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { MAX_ATTACHMENTS } from '@inforiver-mail/contract/message-input'
import { problemCodes } from '@inforiver-mail/contract/language/en/problem-codes'
import { Problem, PROBLEM_STATUS, ProblemCode } from '@inforiver-mail/contract/problem'
import { VERSION } from '../../runtime/version.ts'
import { PROBLEM_EXAMPLES, withExample, withFieldExamples } from './openapi-examples.ts'
import { describeProblem, ProblemError } from '../problem.ts'
import {
  describeSchemas,
  legible,
  type ApiContent,
  type ApiParameter,
  type ApiResponse,
  type ApiSchema,
  type DescribedSchemas,
  type NamedSchemas,
} from './openapi-schemas.ts'
import { TAGS, tagOf } from './openapi-tags.ts'
import { sessionCookie } from '../session.ts'

const EXAMPLE_REQUEST_ID = '0b7f3c1e-58d2-4f6a-9a41-2c6d8e0f1b35'
const PROBLEM_TYPE = 'application/problem+json'

/** An OpenAPI document. */
export type ApiDocument = ReturnType<typeof describeApi>
export type ApiOperation = ApiDocument['paths'][string][string]

export function describeApi(endpoints: readonly Endpoint[], publicUrl: string) {
  const named: NamedSchemas = new Map()
  describeSchemas({ Problem }, 'output', named)
  const sorted = endpoints.toSorted((one, other) => TAGS.indexOf(tagOf(one.path)) - TAGS.indexOf(tagOf(other.path)))
  const described = sorted.map((endpoint) => {
    const { query, body, params, headers, response, or } = endpoint
    const sent = describeSchemas({ query, body, params, headers }, 'input', named)
    return { endpoint, sent, answered: describeSchemas({ response, or: or?.response }, 'output', named) }
  })
  const paths: Record<string, Record<string, ReturnType<typeof withSample>>> = {}
  for (const each of described) {
    const { path, method } = each.endpoint
    const address = path.replaceAll(/:(\w+)/g, '{$1}')
    const operation = withSample(operationOf(each, named), method, `${publicUrl}${address}`)
    paths[address] = { ...paths[address], [method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Inforiver Mail',
      version: VERSION,
      description:
        'Submit a message and forget it: it is delivered once through the Microsoft 365 mailbox of the tenant. Failures are RFC 9457 problem details.',
    },
    paths,
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
          name: sessionCookie(publicUrl).name,
          description: 'Of somebody who has signed in with Microsoft. What changes something needs our Origin too.',
        },
      },
      schemas: Object.fromEntries(
        [...named.keys()].toSorted().map((name) => [name, withFieldExamples(named.get(name) ?? {}, named)]),
      ),
    },
  }
}

interface Described {
  readonly endpoint: Endpoint
  readonly sent: DescribedSchemas
  readonly answered: DescribedSchemas
}

function operationOf({ endpoint, sent, answered }: Described, named: NamedSchemas) {
  const { operation, path, summary, description, or, scope, session } = endpoint
  const parameters = [
    ...parametersOf('query', sent['query']),
    ...parametersOf('path', sent['params']),
    ...parametersOf('header', sent['headers']),
  ]
  return {
    operationId: operation,
    summary,
    tags: [tagOf(path).name],
    description,
    ...(sent['body'] && { requestBody: requestBody(endpoint, legible(sent['body']), named) }),
    ...(parameters.length > 0 && { parameters }),
    security: [...(scope ? [{ serviceKey: [scope] }] : []), ...(session ? [{ session: [] }] : [])] as Security[],
    responses: {
      ...successOf(endpoint, answered['response'], named),
      ...(or && successOf({ ...endpoint, ...or }, answered['or'], named)),
      ...problemsOf(endpoint),
    },
  }
}

/** What one way to authenticate needs, by its name. */
type Security = Readonly<Record<string, readonly string[]>>

function parametersOf(place: ApiParameter['in'], { properties = {}, required = [] }: ApiSchema = {}): ApiParameter[] {
  return Object.entries(properties).map(([name, { description = '', examples = [], ...schema }]) =>
    Object.assign(
      { schema: legible(schema) },
      examples.length === 1
        ? { example: examples[0] }
        : { examples: Object.fromEntries(examples.map((value) => [String(value), { value }])) },
      { in: place, name, required: place === 'path' || required.includes(name), description },
    ),
  )
}

/** Adds a request to copy, as several viewers of OpenAPI show it. */
function withSample(operation: ReturnType<typeof operationOf>, method: string, url: string) {
  return { ...operation, 'x-codeSamples': [{ lang: 'Shell', source: curlOf(url, method, operation) }] }
}

function curlOf(
  url: string,
  method: string,
  { parameters = [], requestBody, security }: ReturnType<typeof operationOf>,
): string {
  const address = parameters.reduce(
    (text, each) => (each.in === 'path' ? text.replace(`{${each.name}}`, String(each.example)) : text),
    url,
  )
  const isForServices = security.some(({ serviceKey }) => serviceKey)
  const body = requestBody?.content['application/json']?.example
  return [
    `curl -X ${method} '${address}'`,
    isForServices ? '-H "Authorization: Bearer $SERVICE_KEY"' : '-H "Cookie: $SESSION_COOKIE"',
    ...(isForServices || method === 'GET' ? [] : [`-H 'Origin: ${new URL(url).origin}'`]),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `--data '${JSON.stringify(body)}'`]),
  ].join(' \\\n  ')
}

/** Describes a body that is JSON, or with attachments also multipart with the same JSON as its part `message`. */
function requestBody(
  { takesAttachments }: Endpoint,
  schema: ApiSchema,
  named: NamedSchemas,
): { readonly required: true; readonly content: Readonly<Record<string, ApiContent>> } {
  const json = { 'application/json': withExample({ schema }, named) }
  if (!takesAttachments) return { required: true, content: json }
  const parts = {
    type: 'object',
    required: ['message'],
    properties: {
      message: schema,
      attachment: {
        type: 'array',
        maxItems: MAX_ATTACHMENTS,
        items: { type: 'string', format: 'binary' },
        examples: [['%PDF-1.7 …']],
        description: 'Each a part of its own. Best after message, so that a refusal does not wait for them.',
      },
    },
  }
  return { required: true, content: { ...json, 'multipart/form-data': { schema: parts } } }
}

function successOf(
  { status, answer: description, answerHeaders, exampleAnswer: example, contentType = 'application/json' }: Endpoint,
  schema: ApiSchema | undefined,
  named: NamedSchemas,
): Record<string, ApiResponse> {
  const headers = answerHeaders && Object.fromEntries(Object.entries(answerHeaders).map(describeHeader))
  const content = schema && { [contentType]: withExample({ schema: legible(schema), example }, named) }
  return { [status]: { description, ...(headers && { headers }), ...(content && { content }) } }
}

function describeHeader([name, description]: [string, string]) {
  return [name, { schema: { type: 'string' }, description }] as const
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
function problemsOf(endpoint: Endpoint): Record<string, ApiResponse> {
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
