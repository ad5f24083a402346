import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type AllowedSender,
  type AskedSender,
  decideApplicationSender,
  decideSender,
  findTargetMailbox,
  isOwnAddress,
  type SenderRefusal,
  type TargetMailbox,
  type TargetRefusal,
} from '../mail/sender-rights.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { Mailbox } from '../tenant/store.ts'
import { accessDenied, GraphError } from './graph-error.ts'
import { type IdKind, wantedIdKind } from './item-ids.ts'

declare module 'fastify' {
  interface FastifyRequest {
    target: TargetMailbox | TargetRefusal
  }
}

/** A request that may access a mailbox. */
export interface Visit extends TargetMailbox {
  readonly request: FastifyRequest
  /** The mailbox's address in lower case. */
  readonly address: string
  readonly mailbox: Mailbox | undefined
  readonly idKind: IdKind
  readonly nowMs: number
}

const REFUSALS: Readonly<Record<TargetRefusal | SenderRefusal, readonly [status: number, code: string, text: string]>> =
  {
    'no-such-mailbox': [404, 'ErrorNonExistentMailbox', 'The SMTP address has no mailbox associated with it.'],
    'not-enabled': [
      404,
      'MailboxNotEnabledForRESTAPI',
      'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
    ],
    'no-full-access': [403, 'ErrorAccessDenied', accessDenied().message],
    'outside-policy': [403, 'ErrorAccessDenied', 'Access to OData is disabled.'],
    'send-as-denied': [
      403,
      'ErrorSendAsDenied',
      'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account. Cannot submit message.',
    ],
  }

/** `onRequest` hook: finds the mailbox, counts the request, and refuses it when too many are in flight. */
export async function enterMailbox(
  request: FastifyRequest,
  reply: FastifyReply,
  simulation: Simulation,
): Promise<void> {
  const { user } = request.params as { readonly user?: string }
  const target = findTargetMailbox(user ?? null, request.caller, simulation)
  request.target = target
  if (typeof target === 'string') return
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
  if (mailboxConcurrency === null || counters.inFlight <= mailboxConcurrency) return
  counters.refusedForConcurrency += 1
  const message = 'Application is over its MailboxConcurrency limit.'
  throw new GraphError(429, 'ApplicationThrottled', message, { 'retry-after': '1' })
}

/**
 * @param permissions one of which the token needs, except that a mailbox of somebody else takes their `.Shared` variant
 * @throws GraphError when the token lacks them or the mailbox cannot be accessed
 */
export function visit(request: FastifyRequest, permissions: readonly string[], { store, clock }: Simulation): Visit {
  const { target, caller } = request
  const suffix = typeof target !== 'string' && !target.isOwn ? '.Shared' : ''
  requireAny(
    permissions.map((permission) => `${permission}${suffix}`),
    caller.scopes,
  )
  return visitAs(request, store, clock())
}

/** Like `visit`, for sending: which permission is needed depends on the sender, see `requireSender`. */
export function visitToSend(request: FastifyRequest, { store, clock }: Simulation): Visit {
  requireAny(['Mail.Send', 'Mail.Send.Shared'], request.caller.scopes)
  return visitAs(request, store, clock())
}

function visitAs(request: FastifyRequest, store: Simulation['store'], now: Date): Visit {
  const { target, headers } = request
  if (typeof target === 'string') throw new GraphError(...REFUSALS[target])
  const address = target.addressee.address.toLowerCase()
  const mailbox = store.state.mailboxes.get(address)
  return { ...target, request, address, mailbox, idKind: wantedIdKind(headers['prefer']), nowMs: now.getTime() }
}

/** @throws GraphError unless the permissions of the token and the person's rights allow the sender now */
export function requireSender(asked: AskedSender, visit: Visit, simulation: Simulation): AllowedSender {
  const { addressee, isOwn, request } = visit
  const { index } = simulation
  const { caller } = request
  const isOwnMail =
    caller.kind === 'application' ||
    (isOwn && isOwnAddress(asked.from?.address ?? addressee.address, caller.person, index))
  requireAny([isOwnMail ? 'Mail.Send' : 'Mail.Send.Shared'], caller.scopes)
  const decision =
    caller.kind === 'application'
      ? decideApplicationSender(asked, addressee, index)
      : decideSender(asked, addressee, caller.person, simulation)
  if (typeof decision === 'string') throw new GraphError(...REFUSALS[decision])
  return decision
}

function requireAny(permissions: readonly string[], granted: ReadonlySet<string>): void {
  if (!permissions.some((permission) => granted.has(permission))) throw accessDenied()
}
