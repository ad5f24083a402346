import type { Scope } from '@inforiver-mail/contract/caller'
import { MAX_SERVICE_KEYS, type ServiceKey } from '@inforiver-mail/contract/service-key'
import type pg from 'pg'
import { ConfigurationError } from '../configuration/config.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Timers } from '../runtime/clock.ts'
import { createBatcher } from '../database/batcher.ts'
import { QUICK_TIMEOUT_MS } from '../database/database.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { tryToWrite } from '../database/optional-write.ts'
import { lockTenant } from '../database/tenant-lock.ts'
import { readScopes } from '../domain/stored-values.ts'
import {
  SUBMIT_SETTINGS_COLUMNS,
  toSubmitSettings,
  type SubmitSettings,
  type SubmitSettingsRow,
} from '../domain/submit-settings.ts'
import { isAllowedClient } from './client-address.ts'

const LOOKUPS_PER_BATCH = 200
const RECORD_USE_EVERY_MS = 60_000
const MAX_ENDED_LISTED = 500

/** A service that has authenticated. */
export interface Service {
  readonly keyId: string
  readonly tenantId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Who it may write to, among those that the installation allows; empty: nothing is narrowed. */
  readonly allowedDomains: readonly string[]
}

/** A key and the address of the client that uses it. */
export interface KeyUse {
  readonly keyHash: string
  readonly client: string
}

/** The service behind a key, and why this client cannot use the key now; null when it can. */
export interface FoundKey {
  readonly service: Service
  /** The settings of the tenant, read together with the key. */
  readonly settings: SubmitSettings
  readonly refused: 'revoked' | 'expired' | 'address-not-allowed' | null
}

/** What a key may be used for, when, and from where. */
export interface KeyLimits {
  readonly expiresAt: Date | null
  readonly allowedDomains: readonly string[]
  readonly allowedAddresses: readonly string[]
}

export interface SeededKey {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly keyHash: string
  readonly now: Date
}

export type ServiceKeyStore = ReturnType<typeof createServiceKeyStore>

interface FoundRow extends SubmitSettingsRow {
  readonly key_hash: string
  readonly id: string
  readonly tenant_id: string
  readonly name: string
  readonly scopes: string[]
  readonly last_used_at: Date | null
  readonly revoked: boolean
  readonly expired: boolean
  readonly allowed_domains: string[]
  readonly allowed_addresses: string[]
}

/**
 * Looks up a batch of keys in one round trip, never from a cache, so that a revoked key stops working at once. All
 * processes judge its end by the clock of the database. The settings that a submit needs come along, since a statement of
 * their own would cost more; those of one tenant at a time, because the planner may read those of all.
 */
const FIND = `
SELECT k.key_hash, k.id, k.tenant_id, k.name, k.scopes, k.last_used_at, k.revoked_at IS NOT NULL AS revoked,
       k.expires_at <= mail_now() IS TRUE AS expired, k.allowed_domains, k.allowed_addresses, ${SUBMIT_SETTINGS_COLUMNS}
  FROM service_keys k
  LEFT JOIN LATERAL (SELECT * FROM tenant_settings WHERE tenant_id = k.tenant_id LIMIT 1) AS s ON true
 WHERE k.key_hash = ANY($1)`

const IS_KNOWN = `SELECT 1 FROM service_keys WHERE key_hash = $1`

/** Records the use of keys, unless another process holds their rows to do so. $1 ids, $2 now, $3 the last use before */
const RECORD_USE = `
UPDATE service_keys SET last_used_at = $2
 WHERE id IN (SELECT id FROM service_keys WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < $3) FOR UPDATE SKIP LOCKED)`

export function createServiceKeyStore(prisma: PrismaClient, pool: pg.Pool, clock: () => Date, timers: Timers) {
  return {
    /** Returns null when there has never been a key with this hash. */
    find: createBatcher(
      async (uses: readonly KeyUse[]) => {
        const values = [[...new Set(uses.map(({ keyHash }) => keyHash))]]
        const statement = { name: 'find-service-keys', text: FIND, values, query_timeout: QUICK_TIMEOUT_MS }
        const { rows } = await pool.query<FoundRow>(statement)
        const keys = new Map(rows.map((row) => [row.key_hash, row]))
        const used: FoundRow[] = []
        const found = uses.map(({ keyHash, client }) => {
          const row = keys.get(keyHash)
          if (!row) return null
          const refused = whyRefused(row, client)
          if (refused === null) used.push(row)
          return { service: toService(row), settings: toSubmitSettings(row), refused }
        })
        await recordUse(used)
        return found
      },
      { timers, maxItems: LOOKUPS_PER_BATCH },
    ),

    /** Whether there has ever been a key with this hash. Nothing is recorded as its use. */
    async isKnown(keyHash: string): Promise<boolean> {
      const statement = { name: 'is-service-key', text: IS_KNOWN, values: [keyHash], query_timeout: QUICK_TIMEOUT_MS }
      const { rows } = await pool.query(statement)
      return rows.length > 0
    },

    /** Returns the valid keys, and those that ended last; by the time of the database. */
    async list(tenantId: string, databaseNow: Date): Promise<ServiceKey[]> {
      const [valid, ended] = await Promise.all([
        prisma.serviceKey.findMany({ where: { tenantId, ...validAt(databaseNow) } }),
        prisma.serviceKey.findMany({
          where: { tenantId, revokedAt: null, expiresAt: { lte: databaseNow } },
          orderBy: { expiresAt: 'desc' },
          take: MAX_ENDED_LISTED,
        }),
      ])
      const rows = [...valid, ...ended].toSorted((one, other) => one.createdAt.getTime() - other.createdAt.getTime())
      return rows.map(toServiceKey)
    },

    /** Returns null when the tenant has as many valid keys as it may have, by the time of the database. */
    async create({
      id,
      tenantId,
      name,
      scopes,
      keyHash,
      limits,
      actor,
      now,
      databaseNow,
    }: {
      id: string
      tenantId: string
      name: string
      scopes: readonly Scope[]
      keyHash: string
      limits: KeyLimits
      actor: string
      now: Date
      databaseNow: Date
    }): Promise<ServiceKey | null> {
      const { expiresAt, allowedDomains, allowedAddresses } = limits
      return prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        const valid = await transaction.serviceKey.count({ where: { tenantId, ...validAt(databaseNow) } })
        if (valid >= MAX_SERVICE_KEYS) return null
        const row = await transaction.serviceKey.create({
          data: {
            id,
            tenantId,
            name,
            scopes: [...scopes],
            keyHash,
            createdAt: now,
            expiresAt,
            allowedDomains: [...allowedDomains],
            allowedAddresses: [...allowedAddresses],
          },
        })
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'service-key-created',
          outcome: 'done',
          details: {
            key: id,
            name,
            scopes: scopes.join(' '),
            ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
            ...(allowedDomains.length > 0 && { allowedDomains: allowedDomains.join(' ') }),
            ...(allowedAddresses.length > 0 && { allowedAddresses: allowedAddresses.join(' ') }),
          },
        })
        return toServiceKey(row)
      })
    },

    /** Returns false when there is none of this id. */
    revoke: revokeKey,

    /**
     * Replaces the operator's previous key by this one.
     *
     * @throws {ConfigurationError} when it equals a key that was created in the page, valid or revoked.
     */
    async seed({ id, tenantId, name, scopes, keyHash, now }: SeededKey): Promise<void> {
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

    /** Revokes the operator's key, if there is one. */
    async revokeSeeded(tenantId: string, id: string, now: Date): Promise<void> {
      await revokeKey(tenantId, id, null, now)
    },
  }

  async function recordUse(keys: readonly FoundRow[]): Promise<void> {
    const now = clock()
    const before = new Date(now.getTime() - RECORD_USE_EVERY_MS)
    const due = keys.filter(({ last_used_at: last }) => last === null || last < before)
    if (due.length === 0) return
    const values = [[...new Set(due.map(({ id }) => id))], now, before]
    const statement = { name: 'record-key-use', text: RECORD_USE, values, query_timeout: QUICK_TIMEOUT_MS }
    await tryToWrite(() => pool.query(statement))
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

function validAt(now: Date) {
  return {
    revokedAt: null,
    OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
  } satisfies Prisma.ServiceKeyWhereInput
}

function whyRefused({ revoked, expired, allowed_addresses: allowed }: FoundRow, client: string): FoundKey['refused'] {
  if (revoked) return 'revoked'
  if (expired) return 'expired'
  return isAllowedClient(client, allowed) ? null : 'address-not-allowed'
}

function toService({ id, tenant_id, name, scopes, allowed_domains }: FoundRow): Service {
  return { keyId: id, tenantId: tenant_id, name, scopes: readScopes(scopes), allowedDomains: allowed_domains }
}

function toServiceKey(row: {
  id: string
  name: string
  scopes: string[]
  createdAt: Date
  lastUsedAt: Date | null
  expiresAt: Date | null
  allowedDomains: string[]
  allowedAddresses: string[]
}): ServiceKey {
  const { id, name, scopes, createdAt, lastUsedAt, expiresAt, allowedDomains, allowedAddresses } = row
  return {
    id,
    name,
    scopes: readScopes(scopes),
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    allowedDomains,
    allowedAddresses,
  }
}
