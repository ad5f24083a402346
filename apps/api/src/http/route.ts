import { Readable } from 'node:stream'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaCompiler,
  FastifySerializerCompiler,
  RouteShorthandOptions,
} from 'fastify'
import { z } from 'zod'
import { faultsOf, refuseInput } from './input-faults.ts'

type Output<S> = S extends z.ZodType ? z.output<S> : undefined
type Optional<E, K extends string> = E extends { readonly [key in K]: infer S } ? Output<S> : undefined

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The endpoint that the route serves. The OpenAPI description is generated from it. */
    serves?: Endpoint
  }
}

/** The answer of an endpoint's other success. */
class OtherAnswer<Body> {
  readonly body: Body

  constructor(body: Body) {
    this.body = body
  }
}

/** Answers with the other success of an endpoint that has two. */
export function instead<Body>(body: Body): OtherAnswer<Body> {
  return new OtherAnswer(body)
}

type Other<E> = E extends { readonly or: { readonly response: infer S extends z.ZodType } }
  ? OtherAnswer<z.input<S>>
  : never

interface Call<E extends Endpoint, Caller> {
  readonly params: Optional<E, 'params'>
  readonly query: Optional<E, 'query'>
  readonly body: Optional<E, 'body'>
  readonly caller: Caller
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** The schema of an input that the endpoint does not have: every field is refused. */
export const NOTHING = z.strictObject({})
const NO_BODY = NOTHING.nullish() // Fastify validates an absent body as null

/**
 * Serves an endpoint of the contract. `authorize` runs before the body is read. Then the schemas validate the input. An
 * answer that does not match the response schema fails the request, so that an undeclared field cannot leak. A stream is
 * sent as it is. A HEAD request does not read it, since the end of the connection would go unnoticed.
 *
 * @param options of a route that takes another body than most
 */
export function route<const E extends Endpoint, Caller>(
  app: FastifyInstance,
  endpoint: E,
  authorize: (request: FastifyRequest) => Promise<Caller>,
  handle: (
    call: Call<E, Caller>,
  ) => Promise<E extends { readonly response: infer S extends z.ZodType } ? z.input<S> | Readable | Other<E> : void>,
  options: Pick<RouteShorthandOptions, 'bodyLimit' | 'config' | 'validatorCompiler'> = {},
): void {
  const callers = new WeakMap<FastifyRequest, Caller & WeakKey>()
  app.route({
    ...options,
    method: endpoint.method,
    url: endpoint.path,
    config: { ...options.config, serves: endpoint },
    schema: {
      ...(endpoint.params && { params: endpoint.params }),
      querystring: endpoint.query ?? NOTHING,
      ...(endpoint.method !== 'GET' && { body: endpoint.body ?? NO_BODY }),
      ...(endpoint.response && { response: responseSchemas(endpoint, endpoint.response) }),
    },
    // The router matches the address of a list with a trailing slash to the route of an item, with an empty id.
    onRequest: async ({ params }, reply) => {
      if (Object.values(params as Record<string, string>).includes('')) return reply.callNotFound()
    },
    // Runs after the onRequest hooks, so that the rate limit has counted a stranger who is refused here.
    preParsing: async (request, _reply, payload) => {
      callers.set(request, (await authorize(request)) as Caller & WeakKey)
      return payload
    },
    handler: async (request, reply) => {
      const { params, query, body } = request
      const call = { params, query, body, caller: callers.get(request), request, reply } as Call<E, Caller>
      const answer: unknown = await handle(call)
      if (request.method === 'HEAD' && answer instanceof Readable) answer.destroy()
      if (answer instanceof OtherAnswer && endpoint.or)
        return reply.code(endpoint.or.status).header('cache-control', 'no-store').send(answer.body)
      if (endpoint.contentType) reply.type(endpoint.contentType)
      return reply.code(endpoint.status).header('cache-control', 'no-store').send(answer)
    },
  })
}

function responseSchemas({ status, or, contentType }: Endpoint, schema: z.ZodType) {
  return {
    [status]: contentType ? { content: { [contentType]: { schema } } } : schema,
    ...(or && { [or.status]: or.response }),
  }
}

/** Validates with the schemas of the contract, and reports every fault with its path. */
export const validateWithContract: FastifySchemaCompiler<z.ZodType> = ({ schema }) => validatorOf(schema)

export function validatorOf(schema: z.ZodType) {
  return (value: unknown) => {
    const parsed = schema.safeParse(value)
    return parsed.success ? { value: parsed.data } : { error: refuseInput(faultsOf(parsed.error.issues)) }
  }
}

/**
 * Checks answers by the schemas of the contract, and sends what they let through. It does so in zod's forward direction,
 * which walks every value once: an answer is what it is in JSON, so there is nothing to encode.
 */
export const serializeWithContract: FastifySerializerCompiler<z.ZodType> = ({ schema, method, url }) => {
  return (answer) => {
    const checked = schema.safeParse(answer)
    if (checked.success) return JSON.stringify(checked.data)
    throw new Error(`The answer of ${method} ${url} does not match the contract.`, { cause: checked.error })
  }
}
