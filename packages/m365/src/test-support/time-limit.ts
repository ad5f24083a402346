import { createMicrosoftFetch, type MicrosoftFetch } from '../microsoft-fetch.ts'

/** The time that requests to Microsoft have, which ends when a test says so. */
export interface TimeLimit {
  readonly wrapFetch: (fetch: MicrosoftFetch) => MicrosoftFetch
  /** Breaks off the requests that are under way, as `createMicrosoftFetch` does when their time is over. */
  end(): void
}

export function createTimeLimit(): TimeLimit {
  let limit = new AbortController()
  return {
    wrapFetch:
      (fetch) =>
      (url, init = {}) =>
        fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, limit.signal]) : limit.signal }),
    end() {
      limit.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
      limit = new AbortController()
    },
  }
}

/** For requests that are answered, however slow the machine is. */
export const patientFetch = createMicrosoftFetch({ timeoutMs: 600_000 })

/** Ends the time of each request once `arrival` settles: when the one that stays without an answer has arrived. */
export function timingOutAt(arrival: () => Promise<unknown>): MicrosoftFetch {
  return (url, init) => {
    const limit = createTimeLimit()
    void arrival().finally(() => limit.end())
    return limit.wrapFetch(patientFetch)(url, init)
  }
}
