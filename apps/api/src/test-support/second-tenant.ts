import { randomBytes } from 'node:crypto'
import { hashServiceKey } from '../service-keys/service-key-guard.ts'
import type { TestDatabase } from './test-database.ts'
import type { TestProduct } from './test-product.ts'
import { clientFor, type ServiceClient } from './test-service.ts'

/** Creates a service of another tenant in the same database, which the API cannot. */
export async function createServiceOfTenant(
  database: TestDatabase,
  product: TestProduct,
  tenantId: string,
  name = 'reports',
): Promise<ServiceClient> {
  const key = `imk_${randomBytes(32).toString('base64url')}`
  await database.query('INSERT INTO tenants (id, created_at) VALUES ($1, now()) ON CONFLICT DO NOTHING', [tenantId])
  await database.query(
    `INSERT INTO service_keys (id, tenant_id, name, scopes, key_hash, created_at)
     VALUES ($1, $2, $3, '{messages:send,messages:read,settings:read}', $4, now())`,
    [`key_${randomBytes(16).toString('hex')}`, tenantId, name, hashServiceKey(key)],
  )
  return clientFor(product.publicUrl, key)
}
