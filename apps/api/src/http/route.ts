import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { invalidInput } from './problem.ts'

type Output<S> = S extends z.ZodType ? z.output<S> : undefined
type Optional<E, K extends string> = E extends { readonly [key in K]: infer S } ? Output<S> : undefined

interface Call<E extends Endpoint, Caller> {
  readonly params: Optional<E, 'params'>
  readonly query: Optional<E, 'query'>
  readonly body: Optional<E, 'body'>
  readonly caller: Caller
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/**
 * Serves an endpoint of the contract. `authorize` comes before everything, so that a stranger's body is not even
 * read; then the input is validated by the schemas. An answer that does not match the response schema is a bug, so
 * that an undeclared field cannot leak.
 */
export function route<const E extends Endpoint, Caller>(
  app: FastifyInstance,
  endpoint: E,
  authorize: (request: FastifyRequest) => Promise<Caller>,
  handle: (call: Call<E, Caller>) => Promise<E['response'] extends z.ZodType ? z.input<E['response']> : void>,
): void {
  const callers = new WeakMap<FastifyRequest, Caller & WeakKey>()
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    schema: {
      ...(endpoint.params && { params: endpoint.params }),
      ...(endpoint.query && { querystring: endpoint.query }),
      ...(endpoint.body && { body: endpoint.body }),
      ...(endpoint.response && { response: { [endpoint.status]: endpoint.response } }),
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
      return reply.code(endpoint.status).header('cache-control', 'no-store').send(answer)
    },
  })
}

/** Validates with the contract's schemas, and reports every fault by its path. */
export const validateWithContract: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (value: unknown) => {
    const parsed = schema.safeParse(value)
    return parsed.success ? { value: parsed.data } : { error: invalidInput(parsed.error.issues) }
  }
}
