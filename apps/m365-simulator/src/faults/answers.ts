import type { HttpEffect, RetryAfter } from './scenario.ts'

export type FaultAnswer = Extract<HttpEffect['do'], { action: 'answer' }>

const THROTTLING = {
  ApplicationThrottled: 'Application is over its RequestRate limit.',
  TooManyRequests: 'The server is busy. Please try again later.',
  activityLimitReached: 'The request has been throttled',
} as const

export function throttled(code: keyof typeof THROTTLING, retryAfter: RetryAfter | null): FaultAnswer {
  return withRetryAfter(graphAnswer(429, code, THROTTLING[code]), retryAfter)
}

export function unavailable(retryAfter: RetryAfter | null): FaultAnswer {
  return withRetryAfter(graphAnswer(503, 'ErrorServerBusy', 'The server is too busy. Try again later.'), retryAfter)
}

/** A gateway in front of the service answers with this HTML page. */
export function html(status: number, reason: string): FaultAnswer {
  return {
    ...answer(status, `<html><body><h1>${status} ${reason}</h1></body></html>`),
    headers: { 'content-type': 'text/html' },
  }
}

export function graphAnswer(status: number, code: string, message: string): FaultAnswer {
  return answer(status, { error: { code, message } })
}

export function answer(status: number, body: FaultAnswer['body']): FaultAnswer {
  return { action: 'answer', when: 'before', status, headers: {}, body }
}

function withRetryAfter(given: FaultAnswer, retryAfter: RetryAfter | null): FaultAnswer {
  return retryAfter === null ? given : { ...given, retryAfter }
}
