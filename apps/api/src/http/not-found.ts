import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ProblemError, say } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Keeps the route out of the `Allow` header, so that it cannot be discovered. */
    concealed?: boolean
  }
}

interface Served {
  readonly method: string
  readonly url: string
}

/** Answers requests that match no route: with 405 and the methods that are served at the address, or else with 404. */
export const notFound = fp(
  async (app) => {
    const served: Served[] = []
    app.addHook('onRoute', ({ method, url, config }) => {
      if (config?.concealed || url.includes('*')) return
      for (const each of [method].flat()) if (each !== 'HEAD') served.push({ method: each, url })
    })
    const refuse = (request: FastifyRequest, reply: FastifyReply): never => {
      const methods = methodsAt(request.url, served)
      // With the right method, something else about the address is wrong, such as a segment that is too long.
      if (methods === '' || methods.split(', ').includes(request.method))
        throw new ProblemError('not-found', 'There is nothing at this address.')
      void reply.header('allow', methods)
      throw new ProblemError('method-not-allowed', say('method-not-served', { method: request.method, methods }))
    }
    // Refuses before the body is read, since the client is not authenticated.
    app.addHook('preParsing', (request, reply, _payload, done) => {
      if (request.is404) refuse(request, reply)
      done()
    })
    app.setNotFoundHandler(refuse)
  },
  { name: 'not-found' },
)

function methodsAt(address: string, served: readonly Served[]): string {
  const segments = address.split('?')[0]?.split('/') ?? []
  const isHere = ({ url }: Served) => {
    const pattern = url.split('/')
    return pattern.length === segments.length && pattern.every((part, at) => matches(part, segments[at] ?? ''))
  }
  return [...new Set(served.filter(isHere).map(({ method }) => method))].join(', ')
}

function matches(part: string, segment: string): boolean {
  return part.startsWith(':') ? segment !== '' : part === segment
}
