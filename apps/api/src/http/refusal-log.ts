import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Outage } from '../domain/outage.ts'
import { createRefusalLimit } from '../runtime/refusal-limit.ts'

/** Logs refused requests, those answered with 401 and 403, and those that an outage failed, within the limits for refusals. */
export function createRefusalLog(logger: Pick<FastifyBaseLogger, 'warn'>) {
  const limit = createRefusalLimit(({ code, count }) =>
    logger.warn({ code, requests: count }, 'more requests were refused'),
  )
  return {
    /** `code` and `status` of the problem that it was answered with. */
    note(request: FastifyRequest, { code, status }: { readonly code: string; readonly status: number }): void {
      if (status !== 401 && status !== 403) return
      const { method, ip: client, routeOptions } = request
      if (limit.allows(code, client))
        request.log.warn({ code, method, route: routeOptions.url, client }, 'request refused')
    },
    /**
     * Whether a request that an outage failed gets a line of its own. Clients try again all the time, and as many lines
     * would hide what else the log says of the outage.
     */
    allowsOutage: ({ routeOptions }: FastifyRequest, outage: Outage): boolean =>
      limit.allows(outage, routeOptions.url ?? ''),
    /** Logs how many refusals of this minute were omitted, and starts the next minute. */
    endWindow: (): void => limit.endWindow(),
  }
}
