import type { HttpEffect, RetryAfter } from './scenario.ts'

type Answer = Extract<HttpEffect['do'], { action: 'answer' }>

const THROTTLING = {
  ApplicationThrottled: 'Application is over its RequestRate limit.',
  TooManyRequests: 'The server is busy. Please try again later.',
  activityLimitReached: 'The request has been throttled',
} as const

/** The ways in which Graph fails, as answers. */
export function throttled(code: keyof typeof THROTTLING, retryAfter: RetryAfter | undefined): Answer {
  return { ...graphFailure(429, code, THROTTLING[code]), ...(retryAfter !== undefined && { retryAfter }) }
}

export function unavailable(retryAfter: RetryAfter | undefined): Answer {
  const answer = graphFailure(503, 'ErrorServerBusy', 'The server is too busy. Try again later.')
  return { ...answer, ...(retryAfter !== undefined && { retryAfter }) }
}

export function unknownError(status: number, when: Answer['when']): Answer {
  return { ...graphFailure(status, 'UnknownError', ''), when }
}

/** What a gateway before the service says. */
export function html(status: number, reason: string): Answer {
  return {
    action: 'answer',
    when: 'before',
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html><body><h1>${status} ${reason}</h1></body></html>`,
  }
}

export function graphFailure(status: number, code: string, message: string): Answer {
  return { action: 'answer', when: 'before', status, headers: {}, body: { error: { code, message } } }
}
