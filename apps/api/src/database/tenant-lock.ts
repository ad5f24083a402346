import type { Prisma } from './generated/client.ts'

/**
 * Puts simultaneous changes by admins of a tenant in an order, whichever process they reach, until the transaction ends.
 * NO KEY lets rows that refer to the tenant be written meanwhile.
 */
export async function lockTenant(transaction: Prisma.TransactionClient, tenantId: string): Promise<void> {
  await transaction.$queryRaw`SELECT 1 FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`
}
