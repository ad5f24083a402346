import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Person } from '../directory/directory.ts'
import type { AccessTokenCheck } from '../entra/token-service.ts'
import { concerns } from '../faults/scenario.ts'
import { addresseeOf } from '../mail/sender-rights.ts'
import type { Simulation } from '../simulation.ts'
import { graphError, sendGraphError } from './graph-error.ts'

/** Whose token came with the request, and what it may be used for. */
export type Caller = CallerFacts &
  ({ readonly kind: 'person'; readonly person: Person } | { readonly kind: 'application' })

interface CallerFacts {
  /** Of the person, or of the application's service principal. */
  readonly oid: string
  /** Of an application: its roles, and what Exchange grants it for the mailbox the request names. */
  readonly scopes: ReadonlySet<string>
  readonly tokenIssuedAtMs: number
}

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

/** @returns false when the request has been refused */
export async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  simulation: Simulation,
): Promise<boolean> {
  const token = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) return refuse(request, reply, 'Access token is empty.')
  const checking = simulation.tokens.checkAccessToken(token)
  const check = checking instanceof Promise ? await checking : checking
  if (check.kind !== 'valid') return refuse(request, reply, REASONS[check.kind])
  const caller = callerOf(check, request, simulation)
  if (caller === null) return refuse(request, reply, REASONS.invalid)
  request.caller = caller
  const effect = simulation.scenarios.take(
    (effect) => effect.kind === 'access-token' && concerns(effect.endpoint, request.facts.endpoint),
  )
  return effect?.kind === 'access-token' ? revokePresentedToken(request, reply, simulation, effect.change) : true
}

function callerOf(
  { holder, oid, scopes, issuedAtMs: tokenIssuedAtMs }: Extract<AccessTokenCheck, { kind: 'valid' }>,
  request: FastifyRequest,
  { index, settings }: Simulation,
): Caller | null {
  if (holder === 'person') {
    const person = index.personByOid(oid)
    return person === undefined ? null : { kind: 'person', person, oid, scopes, tokenIssuedAtMs }
  }
  const { user } = request.params as { readonly user?: string }
  const mailbox = addresseeOf(user ?? '', index)?.address.toLowerCase()
  const assigned = settings.current.applicationRoles.filter((role) => role.mailbox === mailbox)
  const all = new Set([...scopes, ...assigned.map(({ permission }) => permission)])
  return { kind: 'application', oid, scopes: all, tokenIssuedAtMs }
}

/** Refuses the token that came, here and from now on; one that is issued later is good. */
export function revokePresentedToken(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, clock }: Simulation,
  change: 'revoked' | 'claims-challenge',
): false {
  const { oid, tokenIssuedAtMs } = request.caller
  store.commit({ type: 'access-tokens-revoked', oid, atMs: tokenIssuedAtMs + 1 })
  return refuse(request, reply, REASONS.revoked, change === 'claims-challenge' ? claimsAfter(clock()) : null)
}

/** Claims that only a token issued from now on satisfies. */
function claimsAfter(now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000)
  return JSON.stringify({ access_token: { nbf: { essential: true, value: String(seconds) } } })
}

function refuse(request: FastifyRequest, reply: FastifyReply, message: string, claims: string | null = null): false {
  const challenge =
    claims === null ? '' : `, error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`
  reply.header(
    'www-authenticate',
    `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"${challenge}`,
  )
  sendGraphError(request, reply, graphError(401, 'InvalidAuthenticationToken', message))
  return false
}
