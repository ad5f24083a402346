import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Traffic } from '../http/traffic.ts'
import { graphError, sendGraphError } from './graph-error.ts'

/** Requests of one application to one mailbox at a time. */
const MAX_CONCURRENT = 4

/** @returns false when the request has been refused: a fifth one is, until another has been answered */
export function enterMailbox(request: FastifyRequest, reply: FastifyReply, mailbox: string, traffic: Traffic): boolean {
  const counters = traffic.mailbox(mailbox)
  counters.requests += 1
  counters.inFlight += 1
  counters.maxConcurrent = Math.max(counters.maxConcurrent, counters.inFlight)
  reply.raw.once('close', () => {
    counters.inFlight -= 1
  })
  if (counters.inFlight <= MAX_CONCURRENT) return true
  counters.throttled += 1
  reply.header('retry-after', '1')
  sendGraphError(
    request,
    reply,
    graphError(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.'),
  )
  return false
}
