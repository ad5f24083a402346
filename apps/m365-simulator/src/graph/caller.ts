import type { FastifyRequest } from 'fastify'
import { concerns } from '../faults/scenario.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { findAddressee, type Person } from '../tenant/directory.ts'
import type { AccessTokenCheck } from '../tenant/token-service.ts'
import { GraphError } from './graph-error.ts'

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
  return new GraphError(401, 'InvalidAuthenticationToken', message, {
    'www-authenticate': `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"${challenge}`,
  })
}
