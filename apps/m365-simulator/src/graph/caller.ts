import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Person } from '../directory/directory.ts'
import type { AccessTokenCheck } from '../entra/token-service.ts'
import type { Simulation } from '../simulation.ts'
import { graphError, sendGraphError } from './graph-error.ts'

/** Whose token came with the request, and what it may be used for. */
export interface Caller {
  readonly person: Person
  readonly scopes: ReadonlySet<string>
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
  const person = simulation.index.personByOid(check.oid)
  if (person === undefined) return refuse(request, reply, REASONS.invalid)
  request.caller = { person, scopes: check.scopes }
  return true
}

function refuse(request: FastifyRequest, reply: FastifyReply, message: string): false {
  reply.header(
    'www-authenticate',
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"',
  )
  sendGraphError(request, reply, graphError(401, 'InvalidAuthenticationToken', message))
  return false
}
