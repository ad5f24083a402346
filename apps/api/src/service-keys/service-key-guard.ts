import { hash } from 'node:crypto'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyRequest } from 'fastify'
import { ProblemError, say } from '../http/problem.ts'
import { holderOf } from '../memory/shares.ts'
import type { SignedIn } from '../http/session.ts'
import type { Sender } from '../domain/arriving-message.ts'
import type { FoundKey, ServiceKeyLookup } from './service-key-lookup-store.ts'

/** A caller: a service with a key, or a workspace admin, who sees the messages of every service. */
export type Caller = { readonly tenantId: string } & (
  | ServiceCaller
  | { readonly service: null; readonly userId: string }
)

export interface ServiceCaller extends Sender {
  readonly userId: null
}

/** A refused key and the operation it was used for. `key` is null when there has never been such a key. */
export interface RefusedKey {
  readonly reason: 'unknown' | NonNullable<FoundKey['refused']> | 'scope-missing'
  readonly key: { readonly id: string; readonly name: string } | null
  readonly client: string
  readonly operation: string | null
}

export type CallerGuard<Allowed extends Caller> = (scope: Scope) => (request: FastifyRequest) => Promise<Allowed>

/** A key as presented by REST or SMTP. */
export interface PresentedKey {
  readonly key: string
  readonly scope: Scope
  /** The IP address that it comes from. */
  readonly client: string
  /** What it is used for. */
  readonly operation: string | null
}

/** The service of a key. @throws {ProblemError} where the key does not open this */
export type AuthenticateService = (presented: PresentedKey) => Promise<ServiceCaller>

/**
 * Takes a Bearer request for a service's, whatever cookies it carries, and any other for an admin's. A key is looked up
 * by its hash, so that timing reveals nothing about a guess.
 */
export function createCallerGuard({
  lookup,
  requireAdmin,
  auditRefused,
}: {
  lookup: Pick<ServiceKeyLookup, 'find'>
  requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  auditRefused: (refused: RefusedKey) => Promise<void>
}): { either: CallerGuard<Caller>; serviceOnly: CallerGuard<ServiceCaller>; authenticate: AuthenticateService } {
  async function authenticate({ key, scope, client, operation }: PresentedKey): Promise<ServiceCaller> {
    const found = await lookup.find({ keyHash: hashServiceKey(key), client })
    const refuse = (reason: RefusedKey['reason']) =>
      auditRefused({
        reason,
        key: found && { id: found.service.keyId, name: found.service.name },
        client,
        operation,
      })
    // One answer, whether it never was a key, is none any more, or is one only from elsewhere.
    if (!found || found.refused !== null) {
      await refuse(found?.refused ?? 'unknown')
      throw invalidKey()
    }
    const { tenantId, name: service, scopes, allowedDomains } = found.service
    if (!scopes.includes(scope)) {
      await refuse('scope-missing')
      throw new ProblemError('scope-missing', say('scope-missing', { scope }))
    }
    return { tenantId, service, userId: null, allowedDomains, settings: found.settings }
  }

  async function requireService(request: FastifyRequest, scope: Scope): Promise<ServiceCaller> {
    const { headers, ip, routeOptions } = request
    const key = headers.authorization?.match(/^Bearer +([\x21-\x7e]{1,512})$/i)?.[1]
    if (key === undefined) throw invalidKey() // a malformed key belongs to no service, so it is not recorded
    const operation = routeOptions.config.serves?.operation ?? null
    const caller = await authenticate({ key, scope, client: ip, operation })
    request.holder = holderOf(caller)
    return caller
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
  return hash('sha256', key, 'base64url')
}
