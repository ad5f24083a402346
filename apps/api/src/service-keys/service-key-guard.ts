import { createHash } from 'node:crypto'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyRequest } from 'fastify'
import { ProblemError } from '../http/problem.ts'
import type { SignedIn } from '../http/session.ts'
import type { ServiceKeyStore } from './service-key-store.ts'

/** A caller: a service with a key, or a workspace admin, who sees the messages of every service. */
export type Caller = { readonly tenantId: string } & (
  | { readonly service: string; readonly userId: null }
  | { readonly service: null; readonly userId: string }
)

/** A refused key and the operation it was used for. `key` is null when there has never been such a key. */
export interface RefusedKey {
  readonly reason: 'unknown' | 'revoked' | 'scope-missing'
  readonly key: { readonly id: string; readonly name: string } | null
  readonly client: string
  readonly operation: string | null
}

export type CallerGuard = (scope: Scope) => (request: FastifyRequest) => Promise<Caller>

/** A key that somebody presents, by whichever protocol. */
export interface PresentedKey {
  readonly key: string
  readonly scope: Scope
  /** The address that it comes from. */
  readonly client: string
  /** What it is used for. */
  readonly operation: string | null
}

/** The service of a key. @throws {ProblemError} where the key does not open this */
export type AuthenticateService = (
  presented: PresentedKey,
) => Promise<{ readonly tenantId: string; readonly service: string }>

/**
 * Takes a Bearer request for a service's, whatever cookies it carries, and any other for an admin's. A key is looked up
 * by its hash, so that timing reveals nothing about a guess.
 */
export function createCallerGuard({
  store,
  requireAdmin,
  auditRefused,
}: {
  store: Pick<ServiceKeyStore, 'findByHash'>
  requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  auditRefused: (refused: RefusedKey) => Promise<void>
}): { either: CallerGuard; serviceOnly: CallerGuard; authenticate: AuthenticateService } {
  async function authenticate({ key, scope, client, operation }: PresentedKey) {
    const service = await store.findByHash(hashServiceKey(key))
    const refuse = (reason: RefusedKey['reason']) =>
      auditRefused({ reason, key: service && { id: service.keyId, name: service.name }, client, operation })
    if (!service || service.revoked) {
      await refuse(service ? 'revoked' : 'unknown')
      throw invalidKey()
    }
    if (!service.scopes.includes(scope)) {
      await refuse('scope-missing')
      throw new ProblemError(
        'scope-missing',
        `The service key lacks the scope ${scope}. A workspace admin makes one that has it in Tenant Settings > Service keys.`,
      )
    }
    return { tenantId: service.tenantId, service: service.name }
  }

  async function requireService({ headers, ip, routeOptions }: FastifyRequest, scope: Scope): Promise<Caller> {
    const key = headers.authorization?.match(/^Bearer +([\x21-\x7e]{1,512})$/i)?.[1]
    if (key === undefined) throw invalidKey() // a malformed key belongs to no service, so it is not recorded
    const operation = routeOptions.config.serves?.operation ?? null
    return { ...(await authenticate({ key, scope, client: ip, operation })), userId: null }
  }

  return {
    authenticate,
    serviceOnly: (scope) => (request) => requireService(request, scope),
    either: (scope) => async (request) => {
      if (request.headers.authorization !== undefined) return requireService(request, scope)
      const { tenantId, userId } = await requireAdmin(request).catch(explainBothCredentials)
      return { tenantId, service: null, userId }
    },
  }
}

function invalidKey(): ProblemError {
  return new ProblemError(
    'invalid-service-key',
    'Send a valid service key as Authorization: Bearer <key>. A workspace admin makes one in Tenant Settings.',
  )
}

/** A request without credentials may come from a service that forgot its key. */
function explainBothCredentials(error: unknown): never {
  if (!(error instanceof ProblemError) || error.code !== 'not-signed-in') throw error
  throw new ProblemError(
    'not-signed-in',
    'A service sends its key as Authorization: Bearer <key>. A person signs in first, or again when the session has ended.',
  )
}

export function hashServiceKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
