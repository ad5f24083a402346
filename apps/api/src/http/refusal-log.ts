import type { FastifyBaseLogger, FastifyRequest } from 'fastify'

const WINDOW_MS = 60_000
const LINES_PER_CLIENT = 5
/** Per code, over all clients. */
const LINES_PER_CODE = 100

/**
 * Logs refused requests, those answered with 401 and 403. Anybody can cause them at will, so per minute each client gets
 * a few lines of each code, and one line counts the rest.
 */
export interface RefusalLog {
  /** `code` and `status` of the problem that it was answered with. */
  note(request: FastifyRequest, problem: { readonly code: string; readonly status: number }): void
  /** Logs what was omitted in this minute, and starts the next one. */
  endWindow(): void
}

export function createRefusalLog(logger: Pick<FastifyBaseLogger, 'warn'>): RefusalLog {
  /** Counts refusals by `code`, and by `code client`. */
  let counts = new Map<string, number>()
  let omitted = new Map<string, number>()
  let timer: NodeJS.Timeout | null = null

  function endWindow(): void {
    for (const [code, requests] of omitted) logger.warn({ code, requests }, 'more requests were refused')
    counts = new Map()
    omitted = new Map()
    if (timer) clearTimeout(timer)
    timer = null
  }

  function count(subject: string): number {
    const counted = (counts.get(subject) ?? 0) + 1
    counts.set(subject, counted)
    return counted
  }

  return {
    note(request, { code, status }) {
      if (status !== 401 && status !== 403) return
      timer ??= setTimeout(endWindow, WINDOW_MS).unref()
      const { method, ip: client, routeOptions } = request
      // Clients are counted only while lines are left, which bounds the size of the map.
      if ((counts.get(code) ?? 0) < LINES_PER_CODE && count(`${code} ${client}`) <= LINES_PER_CLIENT) {
        count(code)
        request.log.warn({ code, method, route: routeOptions.url, client }, 'request refused')
        return
      }
      omitted.set(code, (omitted.get(code) ?? 0) + 1)
    },
    endWindow,
  }
}
