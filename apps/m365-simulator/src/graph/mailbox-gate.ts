import type { FastifyReply, FastifyRequest } from 'fastify'
import { findApplicationMailbox, findTargetMailbox, type TargetMailbox } from '../mail/sender-rights.ts'
import type { Simulation } from '../simulation.ts'
import { graphError, sendGraphError } from './graph-error.ts'

/** The mailbox named in the path, else the caller's own. */
export function targetOf({ params, caller }: FastifyRequest, { index, store, settings }: Simulation): TargetMailbox {
  const { user } = params as { readonly user?: string }
  if (caller.kind === 'person') return findTargetMailbox(user ?? null, caller.person, index, store.state)
  return findApplicationMailbox(user ?? '', settings.current.applicationMailboxes, index)
}

/** Counts the request in its mailbox; one too many at once is refused until another has been answered. */
export async function enterMailbox(
  request: FastifyRequest,
  reply: FastifyReply,
  simulation: Simulation,
): Promise<FastifyReply | undefined> {
  const target = targetOf(request, simulation)
  if (target.kind !== 'mailbox') return undefined
  const mailbox = target.addressee.address.toLowerCase()
  request.facts.mailbox = mailbox
  const counters = simulation.traffic.mailbox(mailbox)
  counters.requests += 1
  counters.inFlight += 1
  counters.maxConcurrent = Math.max(counters.maxConcurrent, counters.inFlight)
  reply.raw.once('close', () => {
    counters.inFlight -= 1
  })
  const { mailboxConcurrency } = simulation.settings.current
  if (mailboxConcurrency === null || counters.inFlight <= mailboxConcurrency) return undefined
  counters.refusedForConcurrency += 1
  reply.header('retry-after', '1')
  return sendGraphError(
    request,
    reply,
    graphError(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.'),
  )
}
