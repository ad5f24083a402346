import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ProblemError } from './problem.ts'

/** What answers where nothing is served: with the methods that are, where the address is right. */
export const notFound = fp(
  async (app) => {
    const served: Endpoint[] = []
    app.addHook('onRoute', ({ config }) => void (config?.serves && served.push(config.serves)))
    const refuse = (request: FastifyRequest, reply: FastifyReply): never => {
      const methods = methodsAt(request.url, served)
      if (methods === '') throw new ProblemError('not-found', 'There is nothing at this address.')
      void reply.header('allow', methods)
      throw new ProblemError('not-found', `${request.method} is not served at this address; ${methods} is.`)
    }
    // Unread: nobody knows who sends it.
    app.addHook('preParsing', async (request, reply) => {
      if (request.is404) refuse(request, reply)
    })
    app.setNotFoundHandler(refuse)
  },
  { name: 'not-found' },
)

function methodsAt(url: string, served: readonly Endpoint[]): string {
  const segments = url.split('?')[0]?.split('/') ?? []
  const isHere = ({ path }: Endpoint) => {
    const pattern = path.split('/')
    return (
      pattern.length === segments.length && pattern.every((part, at) => part.startsWith(':') || part === segments[at])
    )
  }
  return [...new Set(served.filter(isHere).map(({ method }) => method))].join(', ')
}
