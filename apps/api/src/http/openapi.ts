import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { MAX_ATTACHMENTS } from '@inforiver-mail/contract/message'
import { Problem, PROBLEM_STATUS, type ProblemCode } from '@inforiver-mail/contract/problem'
import fp from 'fastify-plugin'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { VERSION } from '../version.ts'
import { sessionCookieName } from './session.ts'

/** Swagger UI loads its scripts and style sheets as files from this host, and needs nothing inline. */
const STATIC_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

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
        components: {
          schemas: { Problem: problemSchema() },
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
        const { schema, url } = jsonSchemaTransform(withoutEmptyInput(data, endpoint))
        return {
          url,
          schema: {
            ...schema,
            operationId: endpoint.operation,
            summary: endpoint.summary,
            ...(endpoint.takesAttachments && { body: withAttachments(schema.body) }),
            response: { ...successOf(endpoint, schema.response), ...problemsOf(endpoint) },
            security: [
              ...(endpoint.scope ? [{ serviceKey: [endpoint.scope] }] : []),
              ...(endpoint.session ? [{ session: [] }] : []),
            ],
          },
        }
      },
    })
    await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: STATIC_CSP, logLevel: 'warn' })
    app.get('/openapi.json', async () => app.swagger())
  },
  { name: 'openapi' },
)

/** Drops the schemas that only refuse a query or a body, which the endpoint does not have. */
function withoutEmptyInput<Data extends { readonly schema: object }>(data: Data, { query, body }: Endpoint): Data {
  const { querystring: _query, body: _body, ...schema } = data.schema as Record<string, unknown>
  return { ...data, schema: { ...schema, ...(query && { querystring: query }), ...(body && { body }) } }
}

function problemSchema() {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(Problem)
  return schema as { type: 'object' } // both libraries type JSON Schema, differently
}

/** Describes a body that is JSON, or multipart with the same JSON as its part `message`. */
function withAttachments(json: unknown) {
  const parts = {
    type: 'object',
    required: ['message'],
    properties: {
      message: json,
      attachment: {
        type: 'array',
        maxItems: MAX_ATTACHMENTS,
        items: { type: 'string', format: 'binary' },
        description: 'Each a part of its own. Best after message, so that a refusal does not wait for them.',
      },
    },
  }
  return { content: { 'application/json': { schema: json }, 'multipart/form-data': { schema: parts } } }
}

function successOf({ response, status, answer: description, answerHeaders }: Endpoint, described: unknown) {
  const { [status]: success } = (described ?? {}) as Record<number, object>
  const headers = answerHeaders && Object.fromEntries(Object.entries(answerHeaders).map(describeHeader))
  return {
    [status]: response ? { ...success, description, ...(headers && { headers }) } : { type: 'null', description },
  }
}

function describeHeader([name, description]: [string, string]) {
  return [name, { type: 'string', description }] as const
}

/** Describes each status of a failure, with the codes it can have. */
function problemsOf(endpoint: Endpoint): Record<string, object> {
  const byStatus = Map.groupBy(failuresOf(endpoint), ({ status }) => status)
  return Object.fromEntries(
    [...byStatus].map(([status, failures]) => {
      const codes = failures.map(({ code }) => code)
      const schema = {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { type: 'object', properties: { code: { type: 'string', enum: codes } } },
        ],
      }
      const description = `${STATUS_CODES[status]}: ${codes.join(', ')}`
      return [status, { description, content: { 'application/problem+json': { schema } } }]
    }),
  )
}

interface Failure {
  readonly status: number
  readonly code: ProblemCode
}

function failuresOf({ method, session, scope, problems }: Endpoint): readonly Failure[] {
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
