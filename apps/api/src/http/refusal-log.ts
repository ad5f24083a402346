import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { createRefusalLimit } from '../refusal-limit.ts'

/** Logs refused requests, those answered with 401 and 403, within the limits for refusals. */
export interface RefusalLog {
  /** `code` and `status` of the problem that it was answered with. */
  note(request: FastifyRequest, problem: { readonly code: string; readonly status: number }): void
  /** Logs what was omitted in this minute, and starts the next one. */
  endWindow(): void
}

export function createRefusalLog(logger: Pick<FastifyBaseLogger, 'warn'>): RefusalLog {
  const limit = createRefusalLimit(({ code, count }) =>
    logger.warn({ code, requests: count }, 'more requests were refused'),
  )
  return {
    note(request, { code, status }) {
      if (status !== 401 && status !== 403) return
      const { method, ip: client, routeOptions } = request
      if (limit.allows(code, client))
        request.log.warn({ code, method, route: routeOptions.url, client }, 'request refused')
    },
    endWindow: () => limit.endWindow(),
  }
}
