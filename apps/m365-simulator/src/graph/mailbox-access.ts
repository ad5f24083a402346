import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Simulation } from '../simulation/simulation.ts'
import { type Addressee, addresseeOf, findAddressee, type Person, type Rights } from '../tenant/directory.ts'
import type { MailAddress } from '../tenant/message.ts'
import { type Mailbox, rightsOf } from '../tenant/store.ts'
import { accessDenied, GraphError } from './graph-error.ts'
import { type IdKind, wantedIdKind } from './item-ids.ts'

const ALL_RIGHTS: Rights = { sendAs: true, sendOnBehalf: true, fullAccess: true }

declare module 'fastify' {
  interface FastifyRequest {
    /** The mailbox that the path names, or why it cannot be accessed. */
    target: Addressee | GraphError
  }
}

/** A request that may access a mailbox. */
export interface Visit {
  readonly request: FastifyRequest
  readonly addressee: Addressee
  /** The mailbox's address in lower case. */
  readonly address: string
  readonly mailbox: Mailbox | undefined
  readonly idKind: IdKind
  readonly nowMs: number
}

/** `onRequest` hook: finds the mailbox, counts the request, and refuses it when too many are in flight. */
export async function enterMailbox(
  request: FastifyRequest,
  reply: FastifyReply,
  simulation: Simulation,
): Promise<void> {
  const target = findTarget(request, simulation)
  request.target = target
  if (target instanceof GraphError) return
  const mailbox = target.address.toLowerCase()
  request.facts.mailbox = mailbox
  const { traffic, settings } = simulation
  const { isOverLimit } = traffic.enter(mailbox, settings.current.mailboxConcurrency)
  reply.raw.once('close', () => traffic.leave(mailbox))
  if (!isOverLimit) return
  const message = 'Application is over its MailboxConcurrency limit.'
  throw new GraphError(429, 'ApplicationThrottled', message, { 'retry-after': '1' })
}

function findTarget(
  { params, caller }: FastifyRequest,
  { index, settings, store }: Simulation,
): Addressee | GraphError {
  const { user } = params as { readonly user?: string }
  const own = caller.kind === 'person' ? addresseeOf(caller.person) : undefined
  const addressee = user === undefined ? own : findAddressee(user, index)
  if (addressee === undefined || addressee.kind === 'group') return noSuchMailbox()
  if (addressee.kind === 'person' && !addressee.person.hasMailbox) {
    const message = 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.'
    return new GraphError(404, 'MailboxNotEnabledForRESTAPI', message)
  }
  if (caller.kind === 'application') {
    const allowed = settings.current.applicationMailboxes
    if (allowed === null || allowed.includes(addressee.address.toLowerCase())) return addressee
    return new GraphError(403, 'ErrorAccessDenied', 'Access to OData is disabled.')
  }
  if (addressee.address === own?.address) return addressee
  return rightsOf(store.state, index, addressee.address, caller.oid).fullAccess ? addressee : accessDenied()
}

/**
 * @param permissions one of which the token needs; for sending, which one depends on the sender, see `requireSender`
 * @throws GraphError when the token lacks them or the mailbox cannot be accessed
 */
export function visit(request: FastifyRequest, permissions: readonly string[], { store, clock }: Simulation): Visit {
  const { target: addressee, caller, headers } = request
  const isForeign = caller.kind === 'person' && !isOwn(addressee, caller.person)
  // Whoever has Full Access reads and writes there; mail is sent from one's own mailbox.
  const shared = permissions.map((permission) => `${permission}.Shared`)
  requireAny(isForeign ? shared : [...permissions, ...shared], caller.scopes)
  if (addressee instanceof GraphError) throw addressee
  if (isForeign && permissions.includes('Mail.Send')) throw accessDenied()
  const address = addressee.address.toLowerCase()
  const mailbox = store.state.mailboxes.get(address)
  return { request, addressee, address, mailbox, idKind: wantedIdKind(headers['prefer']), nowMs: clock().getTime() }
}

function isOwn(addressee: Addressee | GraphError, { mail }: Person): boolean {
  return addressee instanceof GraphError || addressee.address === mail
}

interface AllowedSender {
  readonly from: MailAddress
  readonly sender: MailAddress
}

/**
 * With Send As, `from` and `sender` are the same; with Send on Behalf, the sender is the person. An application sends
 * each mailbox's mail as that mailbox and as nobody else.
 *
 * @param asked null: the client did not name whom the message is from
 * @throws GraphError unless the permissions of the token and the person's rights allow the sender now
 */
export function requireSender(
  asked: MailAddress | null,
  { addressee, request: { caller } }: Visit,
  { index, store }: Simulation,
): AllowedSender {
  const address = asked?.address ?? addressee.address
  const from = index.byAddress(address)
  const isSelf = from?.address === addressee.address
  requireAny([caller.kind === 'application' || isSelf ? 'Mail.Send' : 'Mail.Send.Shared'], caller.scopes)
  if (from === undefined) throw index.isLocal(address) ? noSuchMailbox() : sendAsDenied()
  const { sendAs, sendOnBehalf } = isSelf ? ALL_RIGHTS : rightsOf(store.state, index, from.address, caller.oid)
  if (!sendAs && !sendOnBehalf) throw sendAsDenied()
  return { from: mailAddress(from), sender: mailAddress(sendAs ? from : addressee) }
}

function requireAny(permissions: readonly string[], granted: ReadonlySet<string>): void {
  if (!permissions.some((permission) => granted.has(permission))) throw accessDenied()
}

/** Exchange writes the directory's name, whatever the client sent. */
function mailAddress({ address, displayName }: Addressee): MailAddress {
  return { address, name: displayName }
}

function noSuchMailbox(): GraphError {
  return new GraphError(404, 'ErrorNonExistentMailbox', 'The SMTP address has no mailbox associated with it.')
}

function sendAsDenied(): GraphError {
  const message = 'The user account does not have the right to send mail on behalf of the specified sending account.'
  return new GraphError(403, 'ErrorSendAsDenied', message)
}
