import type { HttpEffect, RetryAfter } from './scenario.ts'

export type FaultAnswer = Extract<HttpEffect['do'], { action: 'answer' }>

export const RESET_BEFORE = { action: 'reset', when: 'before' } as const
export const RESET_AFTER = { action: 'reset', when: 'after' } as const
export const GATEWAY_TIMEOUT = graphAnswer(504, 'UnknownError', '')
/** Processed all the same. */
export const GATEWAY_TIMEOUT_AFTER: FaultAnswer = { ...GATEWAY_TIMEOUT, when: 'after' }

export function throttled(retryAfter: RetryAfter | null): FaultAnswer {
  const given = graphAnswer(429, 'ApplicationThrottled', 'Application is over its RequestRate limit.')
  return withRetryAfter(given, retryAfter)
}

export function unavailable(retryAfter: RetryAfter | null): FaultAnswer {
  return withRetryAfter(graphAnswer(503, 'ErrorServerBusy', 'The server is too busy. Try again later.'), retryAfter)
}

/** A gateway in front of the service answers with this HTML page. */
export function html(status: number, reason: string): FaultAnswer {
  return gateway(status, `<html><body><h1>${status} ${reason}</h1></body></html>`, { 'content-type': 'text/html' })
}

/** Something between the client and Microsoft answers in Microsoft's place. */
export function gateway(
  status: number,
  body: FaultAnswer['body'] = '',
  headers: FaultAnswer['headers'] = {},
): FaultAnswer {
  return { ...answer(status, body), by: 'gateway', headers }
}

export function graphAnswer(status: number, code: string, message: string): FaultAnswer {
  return answer(status, { error: { code, message } })
}

export function answer(status: number, body: FaultAnswer['body']): FaultAnswer {
  return { action: 'answer', when: 'before', by: 'microsoft', status, headers: {}, body }
}

function withRetryAfter(given: FaultAnswer, retryAfter: RetryAfter | null): FaultAnswer {
  return retryAfter === null ? given : { ...given, retryAfter }
}
