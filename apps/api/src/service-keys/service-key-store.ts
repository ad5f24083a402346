import type { Scope } from '@inforiver-mail/contract/caller'
import { MAX_SERVICE_KEYS, type ServiceKey } from '@inforiver-mail/contract/service-key'
import { ConfigurationError } from '../configuration/config.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Prisma, PrismaClient, ServiceKey as ServiceKeyRow } from '../database/generated/client.ts'
import { lockTenant } from '../database/transaction.ts'
import { readScopes } from '../domain/stored-values.ts'

const MAX_ENDED_LISTED = 500

/** A key to be valid from now on. */
export interface NewServiceKey extends Pick<ServiceKeyRow, 'id' | 'tenantId' | 'name' | 'keyHash' | 'createdAt'> {
  readonly scopes: Scope[]
}

/** When the key ends, and what it may be used for and from where. */
export type KeyLimits = Pick<ServiceKeyRow, 'expiresAt' | 'allowedDomains' | 'allowedAddresses'>

export type ServiceKeyStore = ReturnType<typeof createServiceKeyStore>

export function createServiceKeyStore(prisma: PrismaClient) {
  return {
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
    async create(key: NewServiceKey & KeyLimits, actor: string, databaseNow: Date): Promise<ServiceKey | null> {
      const { tenantId } = key
      return prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        const valid = await transaction.serviceKey.count({ where: { tenantId, ...validAt(databaseNow) } })
        if (valid >= MAX_SERVICE_KEYS) return null
        const row = await transaction.serviceKey.create({ data: key })
        await appendCreated(transaction, row, actor, key.createdAt)
        return toServiceKey(row)
      })
    },

    /** Returns false when there is none of this id. `actor` is null for the operator. */
    async revoke(tenantId: string, id: string, actor: string | null, now: Date): Promise<boolean> {
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
    },

    /**
     * Replaces the operator's previous key by this one. Only a change is recorded in the audit log.
     *
     * @throws {ConfigurationError} when it equals a key that was created in the page, valid or revoked.
     */
    async seed(key: NewServiceKey): Promise<void> {
      const { id, tenantId, keyHash, createdAt } = key
      await prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId) // of the processes that start with it at once, one records it
        const other = await transaction.serviceKey.findFirst({ where: { keyHash, id: { not: id } } })
        if (other)
          throw new ConfigurationError(
            `INFORIVER_SERVICE_KEY is the value of the service key "${other.name}", which was made in Tenant Settings${other.revokedAt === null ? '' : ' and is revoked'}. Set another value, which is used nowhere else.`,
          )
        const isValid = { id, keyHash, revokedAt: null }
        if ((await transaction.serviceKey.count({ where: isValid })) > 0) return
        const row = await transaction.serviceKey.upsert({ where: { id }, create: key, update: isValid })
        await appendCreated(transaction, row, null, createdAt)
      })
    },
  }
}

async function appendCreated(
  transaction: Prisma.TransactionClient,
  { id, tenantId, name, scopes, expiresAt, allowedDomains, allowedAddresses }: ServiceKeyRow,
  actor: string | null,
  at: Date,
): Promise<void> {
  await appendAuditEvent(transaction, {
    tenantId,
    at,
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
}

function validAt(now: Date) {
  return {
    revokedAt: null,
    OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
  } satisfies Prisma.ServiceKeyWhereInput
}

function toServiceKey({ id, name, scopes, createdAt, lastUsedAt, expiresAt, ...limits }: ServiceKeyRow): ServiceKey {
  return {
    id,
    name,
    scopes: readScopes(scopes),
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
    allowedDomains: limits.allowedDomains,
    allowedAddresses: limits.allowedAddresses,
  }
}
