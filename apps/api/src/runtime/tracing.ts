import type { MicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'

/** A message on its way, as far as a trace shows it. */
export interface TracedMessage {
  readonly id: string
  /** The W3C traceparent of the submit; null when not traced. */
  readonly traceparent: string | null
  readonly attemptCount: number
}

/** Follows a message from its submit to Microsoft. Spans hold no address, subject, content, URL or key. */
export interface Tracing {
  /**
   * Runs a submit under the trace of its caller. `run` receives the `traceparent` to keep with the message; null when
   * tracing is off.
   *
   * @param elapsedMs how long ago the request arrived
   */
  submit<Result>(
    request: { readonly traceparent: unknown; readonly elapsedMs: number },
    run: (traceparent: string | null) => Promise<Result>,
    messageIdOf: (result: Result) => string,
  ): Promise<Result>
  /**
   * Runs an attempt to deliver under the trace of its submit.
   *
   * @param claimedMs how long ago the claim was asked for
   */
  delivery<Result>(
    message: TracedMessage,
    claimedMs: number,
    run: () => Promise<Result>,
    outcomeOf: (result: Result) => string,
  ): Promise<Result>
  /** Has requests that belong to a delivery appear in its trace. */
  fetch(fetch: MicrosoftFetch): MicrosoftFetch
  /** Hands over what is left, for a few seconds at most. */
  stop(): Promise<void>
}

/** Does nothing, and loads nothing. */
export const NO_TRACING: Tracing = {
  submit: (_request, run) => run(null),
  delivery: (_message, _claimedMs, run) => run(),
  fetch: (fetch) => fetch,
  stop: async () => {},
}
