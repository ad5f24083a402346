import type { WrapFetch } from '../compose-microsoft.ts'

/** The time that requests to Microsoft have, which ends when a test says so. */
export interface TimeLimit {
  readonly wrapFetch: WrapFetch
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
