import type { Readable } from 'node:stream'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { faultsOf, refuseInput } from './problem.ts'

type Output<S> = S extends z.ZodType ? z.output<S> : undefined
type Optional<E, K extends string> = E extends { readonly [key in K]: infer S } ? Output<S> : undefined

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What is served; the API's description is made of it. */
    serves?: Endpoint
  }
}

interface Call<E extends Endpoint, Caller> {
  readonly params: Optional<E, 'params'>
  readonly query: Optional<E, 'query'>
  readonly body: Optional<E, 'body'>
  readonly caller: Caller
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What an endpoint takes that takes none: a field that nobody reads is refused. */
export const NOTHING = z.strictObject({})
const NO_BODY = NOTHING.nullish() // Fastify validates a body that is absent as null

/**
 * Serves an endpoint of the contract. `authorize` comes before everything, so that a stranger's body is not even
 * read; then the input is validated by the schemas. An answer that does not match the response schema is a bug, so
 * that an undeclared field cannot leak. A stream goes out as it is.
 */
export function route<const E extends Endpoint, Caller>(
  app: FastifyInstance,
  endpoint: E,
  authorize: (request: FastifyRequest) => Promise<Caller>,
  handle: (
    call: Call<E, Caller>,
  ) => Promise<E['response'] extends z.ZodType ? z.input<E['response']> | Readable : void>,
): void {
  const callers = new WeakMap<FastifyRequest, Caller & WeakKey>()
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    config: { serves: endpoint },
    schema: {
      ...(endpoint.params && { params: endpoint.params }),
      querystring: endpoint.query ?? NOTHING,
      ...(endpoint.method !== 'GET' && { body: endpoint.body ?? NO_BODY }),
      ...(endpoint.response && { response: { [endpoint.status]: responseSchema(endpoint.response, endpoint) } }),
    },
    // The router takes the address of a list with a slash at its end for that of an item without an id.
    onRequest: async ({ params }, reply) => {
      if (Object.values(params as Record<string, string>).includes('')) return reply.callNotFound()
    },
    // After every onRequest hook: a stranger who is refused here has been counted by the rate limit.
    preParsing: async (request, _reply, payload) => {
      callers.set(request, (await authorize(request)) as Caller & WeakKey)
      return payload
    },
    handler: async (request, reply) => {
      const { params, query, body } = request
      const call = { params, query, body, caller: callers.get(request), request, reply } as Call<E, Caller>
      const answer = await handle(call)
      if (endpoint.contentType) reply.type(endpoint.contentType)
      return reply.code(endpoint.status).header('cache-control', 'no-store').send(answer)
    },
  })
}

function responseSchema(schema: z.ZodType, { contentType }: Endpoint) {
  return contentType ? { content: { [contentType]: { schema } } } : schema
}

/** Validates with the contract's schemas, and reports every fault by its path. */
export const validateWithContract: FastifySchemaCompiler<z.ZodType> = ({ schema }) => validatorOf(schema)

export function validatorOf(schema: z.ZodType) {
  return (value: unknown) => {
    const parsed = schema.safeParse(value)
    return parsed.success ? { value: parsed.data } : { error: refuseInput(faultsOf(parsed.error.issues)) }
  }
}
