import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Runtime } from '../runtime/clock.ts'
import type { Database } from '../database/database.ts'
import type { AuditRefusal } from '../database/refusal-audit.ts'
import type { SignedIn } from '../http/session.ts'
import { createCallerGuard, hashServiceKey } from './service-key-guard.ts'
import { serviceKeyRoutes } from './service-key-routes.ts'
import { createServiceKeyLookup } from './service-key-lookup-store.ts'
import { createServiceKeyStore } from './service-key-store.ts'

const SEEDED_KEY_ID = `key_${'0'.repeat(32)}`
/** Limits of the audit log for refused keys, so that a stranger cannot flood it. */
const REFUSALS_PER_KEY_AND_HOUR = 20
const UNKNOWN_KEYS_PER_HOUR = 100

/** Wires service keys and the guard that lets services in. */
export function composeServiceKeys(
  deps: Runtime & {
    database: Pick<Database, 'prisma' | 'pool'>
    tenantId: string
    requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
    auditRefusal: AuditRefusal
    /** The clock that the end of a key is judged by. */
    databaseNow: () => Promise<Date>
  },
) {
  const { database, tenantId, requireAdmin, auditRefusal, clock, timers } = deps
  const store = createServiceKeyStore(database.prisma)
  const lookup = createServiceKeyLookup(database.pool, clock, timers)
  const guard = createCallerGuard({
    lookup,
    requireAdmin,
    auditRefused: ({ reason, key, client, operation }) =>
      auditRefusal({
        tenantId,
        actor: null,
        action: 'service-key-refused',
        outcome: reason,
        details: { key: key?.id ?? null, name: key?.name ?? null, client, operation },
        limits: [
          { of: { key: key?.id ?? null, client }, atMost: 1 },
          { of: { key: key?.id ?? null }, atMost: key ? REFUSALS_PER_KEY_AND_HOUR : UNKNOWN_KEYS_PER_HOUR },
        ],
      }),
  })
  return {
    guard,
    /** Whether this text is or was a service key. */
    isKey: (text: string) => lookup.isKnown(hashServiceKey(text)),
    routes: (async (app) => {
      await app.register(serviceKeyRoutes, { ...deps, store })
    }) satisfies FastifyPluginAsync,
    /** Replaces the operator's previous key by this one; null only revokes it. */
    async seed(key: string | null) {
      if (key === null) await store.revoke(tenantId, SEEDED_KEY_ID, null, clock())
      else
        await store.seed({
          id: SEEDED_KEY_ID,
          tenantId,
          name: 'inforiver',
          scopes: ['messages:send', 'messages:read', 'settings:read'],
          keyHash: hashServiceKey(key),
          createdAt: clock(),
        })
    },
  }
}
