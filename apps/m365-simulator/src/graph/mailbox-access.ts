import type { FastifyReply, FastifyRequest } from 'fastify'
import { concerns } from '../faults/scenario.ts'
import { GraphError, throttled } from './graph-error.ts'
import { wantedIdKind } from './message-json.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type Addressee, addresseeOf, findAddressee, type Person, type Rights } from '../tenant/directory.ts'
import type { MailAddress, StoredMessage } from '../tenant/message.ts'
import { rightsOf } from '../tenant/store.ts'
import type { AccessTokenCheck } from '../tenant/token-service.ts'

const ALL_RIGHTS: Rights = { sendAs: true, sendOnBehalf: true, fullAccess: true }

declare module 'fastify' {
  interface FastifyRequest {
    /** The mailbox that the path names, or why it cannot be accessed. */
    target: Addressee | GraphError
  }
}

/** A request that may access a mailbox. */
export type Visit = ReturnType<typeof visit>

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
  if (isOverLimit) throw throttled('MailboxConcurrency', 1)
}

function findTarget(
  { params, caller }: FastifyRequest,
  { index, settings, store }: Simulation,
): Addressee | GraphError {
  const { user } = params as { readonly user?: string }
  const own = caller.kind === 'person' ? addresseeOf(caller.person) : undefined
  const addressee = user === undefined ? own : findAddressee(user, index)
  if (addressee === undefined || addressee.kind === 'group') return new GraphError('ErrorNonExistentMailbox')
  if (addressee.kind === 'person' && !addressee.person.hasMailbox) return new GraphError('MailboxNotEnabledForRESTAPI')
  if (caller.kind === 'application') {
    const allowed = settings.current.applicationMailboxes
    if (allowed === null || allowed.includes(addressee.address.toLowerCase())) return addressee
    return new GraphError('ErrorAccessDenied', 'Access to OData is disabled.')
  }
  if (addressee.address === own?.address) return addressee
  return rightsOf(store.state, index, addressee.address, caller.oid).fullAccess
    ? addressee
    : new GraphError('ErrorAccessDenied')
}

/**
 * @param permissions one of which the token needs; for sending, which one depends on the sender, see `requireSender`
 * @throws GraphError when the token lacks them or the mailbox cannot be accessed
 */
export function visit(request: FastifyRequest, permissions: readonly string[], { store, clock }: Simulation) {
  const { target: addressee, caller, headers } = request
  const isKnown = !(addressee instanceof GraphError)
  const isForeign = isKnown && caller.kind === 'person' && addressee.address !== caller.person.mail
  // Whoever has Full Access reads and writes there; mail is sent from one's own mailbox.
  const shared = permissions.map((permission) => `${permission}.Shared`)
  requireAny(isForeign ? shared : [...permissions, ...shared], caller.scopes)
  if (!isKnown) throw addressee
  if (isForeign && permissions.includes('Mail.Send')) throw new GraphError('ErrorAccessDenied')
  const address = addressee.address.toLowerCase()
  const mailbox = store.state.mailboxes.get(address)
  return { request, addressee, address, mailbox, idKind: wantedIdKind(headers['prefer']), nowMs: clock().getTime() }
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
): Pick<StoredMessage, 'from' | 'sender'> {
  const address = asked?.address ?? addressee.address
  const from = index.byAddress(address)
  const isSelf = from?.address === addressee.address
  requireAny([caller.kind === 'application' || isSelf ? 'Mail.Send' : 'Mail.Send.Shared'], caller.scopes)
  if (from === undefined) throw new GraphError(index.isLocal(address) ? 'ErrorNonExistentMailbox' : 'ErrorSendAsDenied')
  const { sendAs, sendOnBehalf } = isSelf ? ALL_RIGHTS : rightsOf(store.state, index, from.address, caller.oid)
  if (!sendAs && !sendOnBehalf) throw new GraphError('ErrorSendAsDenied')
  return { from: mailAddress(from), sender: mailAddress(sendAs ? from : addressee) }
}

function requireAny(permissions: readonly string[], granted: ReadonlySet<string>): void {
  if (!permissions.some((permission) => granted.has(permission))) throw new GraphError('ErrorAccessDenied')
}

/** Exchange writes the directory's name, whatever the client sent. */
function mailAddress({ address, displayName }: Addressee): MailAddress {
  return { address, name: displayName }
}

/** Whose token came with the request, a person's or that of the application itself, and what it permits. */
type Caller = ({ readonly kind: 'person'; readonly person: Person } | { readonly kind: 'application' }) & {
  /** The person's, or that of the application's service principal. */
  readonly oid: string
  /** For an application: its roles, and what Exchange grants it for the mailbox that the request names. */
  readonly scopes: ReadonlySet<string>
}

type ValidToken = Extract<AccessTokenCheck, { kind: 'valid' }>

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
}

const REASONS = {
  expired: 'Lifetime validation failed, the token is expired.',
  revoked:
    'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
  invalid: 'CompactToken parsing failed with error code: 80049217',
} satisfies Record<Exclude<AccessTokenCheck['kind'], 'valid'>, string>

/** Reads the caller from the access token. @throws GraphError when the token is missing or not valid */
export async function authenticate(request: FastifyRequest, simulation: Simulation): Promise<Caller> {
  const { tokens, scenarios, store, clock } = simulation
  const jwt = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (jwt === undefined) throw unauthenticated('Access token is empty.')
  const token = await tokens.checkAccessToken(jwt)
  if (token.kind !== 'valid') throw unauthenticated(REASONS[token.kind])
  const caller = callerOf(token, request, simulation)

  const effect = scenarios.take('access-token', ({ endpoint }) => concerns(endpoint, request.facts.endpoint))
  if (effect === null) return caller
  store.commit({ type: 'access-tokens-revoked', oid: token.oid, atMs: token.issuedAtMs + 1 })
  throw unauthenticated(REASONS.revoked, effect.change === 'claims-challenge' ? claimsAfter(clock()) : null)
}

function callerOf({ holder, oid, scopes }: ValidToken, request: FastifyRequest, simulation: Simulation): Caller {
  const { index, settings } = simulation
  if (holder === 'person') {
    const person = index.personByOid(oid)
    if (person === undefined) throw unauthenticated(REASONS.invalid)
    return { kind: 'person', person, oid, scopes }
  }
  const { user = '' } = request.params as { readonly user?: string }
  const mailbox = findAddressee(user, index)?.address.toLowerCase()
  const assigned = settings.current.applicationRoles.filter((role) => role.mailbox === mailbox)
  return { kind: 'application', oid, scopes: new Set([...scopes, ...assigned.map(({ permission }) => permission)]) }
}

/** The claims challenge that only a token issued from now on satisfies. */
function claimsAfter(now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000)
  return JSON.stringify({ access_token: { nbf: { essential: true, value: String(seconds) } } })
}

function unauthenticated(message: string, claims: string | null = null): GraphError {
  const challenge =
    claims === null ? '' : `, error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`
  const client = 'client_id="00000003-0000-0000-c000-000000000000"'
  const authority = 'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
  const headers = { 'www-authenticate': `Bearer realm="", ${authority}, ${client}${challenge}` }
  return new GraphError('InvalidAuthenticationToken', message, { headers })
}
