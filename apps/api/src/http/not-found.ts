import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import fp from 'fastify-plugin'
import { ProblemError } from './problem.ts'

/** What answers where nothing is served: with the methods that are, where the address is right. */
export const notFound = fp(
  async (app) => {
    const served: Endpoint[] = []
    app.addHook('onRoute', ({ config }) => void (config?.serves && served.push(config.serves)))
    app.setNotFoundHandler(async (request, reply) => {
      const methods = methodsAt(request.url, served)
      if (methods === '') throw new ProblemError('not-found', 'There is nothing at this address.')
      void reply.header('allow', methods)
      throw new ProblemError('not-found', `${request.method} is not served at this address; ${methods} is.`)
    })
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
