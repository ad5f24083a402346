import type { Scope } from '@inforiver-mail/contract/caller'
import type { ServiceKey } from '@inforiver-mail/contract/service-key'
import type pg from 'pg'
import { ConfigurationError } from '../config.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { readScopes } from '../stored-values.ts'

const LOOKUPS_PER_BATCH = 200
const RECORD_USE_EVERY_MS = 60_000
const MAX_LISTED = 500

/** A service that has authenticated. */
export interface Service {
  readonly keyId: string
  readonly tenantId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** The key used to be valid and no longer is. */
  readonly revoked: boolean
}

export interface SeededKey {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly keyHash: string
  readonly now: Date
}

export interface ServiceKeyStore {
  /** Returns null when there has never been a key with this hash. */
  findByHash(keyHash: string): Promise<Service | null>
  list(tenantId: string): Promise<ServiceKey[]>
  create(key: {
    id: string
    tenantId: string
    name: string
    scopes: readonly Scope[]
    keyHash: string
    actor: string
    now: Date
  }): Promise<ServiceKey>
  /** Returns false when there is none of this id. */
  revoke(tenantId: string, id: string, actor: string, now: Date): Promise<boolean>
  /**
   * Replaces the operator's previous key by this one.
   *
   * @throws {ConfigurationError} when it equals a key that was created in the page, valid or revoked.
   */
  seed(key: SeededKey): Promise<void>
  /** Revokes the operator's key, if there is one. */
  revokeSeeded(tenantId: string, id: string, now: Date): Promise<void>
}

interface FoundRow {
  readonly key_hash: string
  readonly id: string
  readonly tenant_id: string
  readonly name: string
  readonly scopes: string[]
  readonly revoked: boolean
}

/**
 * Looks up a batch of keys in one round trip, never from a cache, so that a revoked key stops working at once. It also
 * records the use, unless another process holds the row to do so.
 */
const FIND = `
WITH due AS MATERIALIZED (
  SELECT id FROM service_keys
   WHERE key_hash = ANY($1) AND revoked_at IS NULL AND (last_used_at IS NULL OR last_used_at < $3)
     FOR UPDATE SKIP LOCKED
), used AS (
  UPDATE service_keys k SET last_used_at = $2 FROM due d WHERE k.id = d.id
)
SELECT key_hash, id, tenant_id, name, scopes, revoked_at IS NOT NULL AS revoked FROM service_keys WHERE key_hash = ANY($1)`

export function createServiceKeyStore(prisma: PrismaClient, pool: pg.Pool, clock: () => Date): ServiceKeyStore {
  return {
    findByHash: createBatcher(
      async (hashes: readonly string[]) => {
        const now = clock()
        const values = [[...new Set(hashes)], now, new Date(now.getTime() - RECORD_USE_EVERY_MS)]
        const statement = { name: 'find-service-keys', text: FIND, values, query_timeout: QUICK_TIMEOUT_MS }
        const { rows } = await pool.query<FoundRow>(statement)
        const services = new Map(rows.map((row) => [row.key_hash, toService(row)]))
        return hashes.map((hash) => services.get(hash) ?? null)
      },
      { maxItems: LOOKUPS_PER_BATCH },
    ),

    async list(tenantId) {
      const rows = await prisma.serviceKey.findMany({
        where: { tenantId, revokedAt: null },
        orderBy: { createdAt: 'asc' },
        take: MAX_LISTED,
      })
      return rows.map(toServiceKey)
    },

    async create({ id, tenantId, name, scopes, keyHash, actor, now }) {
      return prisma.$transaction(async (transaction) => {
        const row = await transaction.serviceKey.create({
          data: { id, tenantId, name, scopes: [...scopes], keyHash, createdAt: now },
        })
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'service-key-created',
          outcome: 'done',
          details: { key: id, name, scopes: scopes.join(' ') },
        })
        return toServiceKey(row)
      })
    },

    revoke: revokeKey,

    async seed({ id, tenantId, name, scopes, keyHash, now }) {
      await prisma.$transaction(async (transaction) => {
        const other = await transaction.serviceKey.findFirst({ where: { keyHash, id: { not: id } } })
        if (other)
          throw new ConfigurationError(
            `INFORIVER_SERVICE_KEY is the value of the service key "${other.name}", which was made in Tenant Settings${other.revokedAt === null ? '' : ' and is revoked'}. Set another value, which is used nowhere else.`,
          )
        if (!(await replaceKey(transaction, { id, tenantId, name, scopes, keyHash, now }))) return
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor: null,
          action: 'service-key-created',
          outcome: 'done',
          details: { key: id, name, scopes: scopes.join(' ') },
        })
      })
    },

    async revokeSeeded(tenantId, id, now) {
      await revokeKey(tenantId, id, null, now)
    },
  }

  async function revokeKey(tenantId: string, id: string, actor: string | null, now: Date): Promise<boolean> {
    return prisma.$transaction(async (transaction) => {
      const [revoked] = await transaction.serviceKey.updateManyAndReturn({
        where: { id, tenantId, revokedAt: null },
        data: { revokedAt: now },
        select: { name: true },
      })
      if (!revoked) return false
      await appendAuditEvent(transaction, {
        tenantId,
        at: now,
        actor,
        action: 'service-key-revoked',
        outcome: 'done',
        details: { key: id, name: revoked.name },
      })
      return true
    })
  }
}

/** Returns false when the key is valid already: only a change is recorded in the audit log. */
async function replaceKey(
  transaction: Prisma.TransactionClient,
  { id, tenantId, name, scopes, keyHash, now }: SeededKey,
): Promise<boolean> {
  const changed = await transaction.$executeRaw`
    INSERT INTO service_keys AS k (id, tenant_id, name, scopes, key_hash, created_at)
    VALUES (${id}, ${tenantId}, ${name}, ${[...scopes]}, ${keyHash}, ${now})
    ON CONFLICT (id) DO UPDATE SET key_hash = excluded.key_hash, revoked_at = NULL
      WHERE k.key_hash <> excluded.key_hash OR k.revoked_at IS NOT NULL`
  return changed > 0
}

function toService({ id, tenant_id, name, scopes, revoked }: FoundRow): Service {
  return { keyId: id, tenantId: tenant_id, name, scopes: readScopes(scopes), revoked }
}

function toServiceKey(row: {
  id: string
  name: string
  scopes: string[]
  createdAt: Date
  lastUsedAt: Date | null
}): ServiceKey {
  const { id, name, scopes, createdAt, lastUsedAt } = row
  return {
    id,
    name,
    scopes: readScopes(scopes),
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
