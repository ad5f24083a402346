import { createHash } from 'node:crypto'
import type { Scope } from '@inforiver-mail/contract/caller'
import type { FastifyRequest } from 'fastify'
import { ProblemError } from '../http/problem.ts'
import type { SignedIn } from '../http/session.ts'
import type { ServiceKeyStore } from './service-key-store.ts'

/** Who calls: a service with a key, or a workspace admin, who sees the messages of every service. */
export interface Caller {
  readonly tenantId: string
  readonly service: string | null
}

export type CallerGuard = (scope: Scope) => (request: FastifyRequest) => Promise<Caller>

/**
 * A Bearer request is a service's, whatever cookies come along; any other is an admin's. The key is looked up by its
 * hash, so that no comparison tells how much of a guessed key was right.
 */
export function createCallerGuard(parts: {
  store: Pick<ServiceKeyStore, 'findByHash'>
  requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
}): { either: CallerGuard; serviceOnly: CallerGuard } {
  const { store, requireAdmin } = parts

  async function requireService(request: FastifyRequest, scope: Scope): Promise<Caller> {
    const key = request.headers.authorization?.match(/^Bearer +([\x21-\x7e]{1,512})$/i)?.[1]
    const service = key === undefined ? null : await store.findByHash(hashServiceKey(key))
    if (!service)
      throw new ProblemError(
        'invalid-service-key',
        'Send a valid service key as Authorization: Bearer <key>. A workspace admin makes one in Tenant Settings.',
      )
    if (!service.scopes.includes(scope))
      throw new ProblemError(
        'scope-missing',
        `The service key lacks the scope ${scope}. A workspace admin makes one that has it in Tenant Settings > Service keys.`,
      )
    return { tenantId: service.tenantId, service: service.name }
  }

  return {
    serviceOnly: (scope) => (request) => requireService(request, scope),
    either: (scope) => async (request) => {
      if (request.headers.authorization !== undefined) return requireService(request, scope)
      const { tenantId } = await requireAdmin(request).catch(nameBothWays)
      return { tenantId, service: null }
    },
  }
}

/** It may be a service that forgot its key. */
function nameBothWays(error: unknown): never {
  if (!(error instanceof ProblemError) || error.code !== 'not-signed-in') throw error
  throw new ProblemError(
    'not-signed-in',
    'A service sends its key as Authorization: Bearer <key>. A person signs in first, or again when the session has ended.',
  )
}

export function hashServiceKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
