import { randomBytes, randomUUID } from 'node:crypto'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { hashServiceKey } from '../service-keys/service-key-guard.ts'
import type { TestDatabase } from './test-database.ts'
import type { TestGround, TestProduct } from './test-product.ts'
import { clientFor, type ServiceClient } from './test-service.ts'

/** Connects a person's own mailbox for another tenant, with the permission Mail.Send. */
export async function connectTenant(ground: TestGround, tenantId: string, address: string): Promise<void> {
  const { vaultKeys, registration } = await ground.configure()
  const parsed = parseVaultKeys(vaultKeys ?? '')
  if (parsed.outcome !== 'read') throw new Error(parsed.faults.join(' '))
  const vault = createTokenVault(parsed.keyRing)
  const seal = (value: string, purpose: string) =>
    vault.seal(value, { tenant: tenantId, record: 'tenant_settings', purpose })
  const tokens = await ground.microsoft.control('POST', `/people/${encodeURIComponent(address)}/tokens`, {
    scopes: ['Mail.Send', 'User.Read', 'offline_access', 'openid', 'profile'],
  })
  await ground.database.query('INSERT INTO tenants (id, created_at) VALUES ($1, now()) ON CONFLICT DO NOTHING', [
    tenantId,
  ])
  await ground.database.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox, delegate_tenant_id, delegate_object_id,
       delegate_name, delegate_email, connected_at, granted_permissions, refresh_token_sealed, access_token_sealed,
       access_token_expires_at, access_token_obtained_at, grant_version)
     VALUES ($1, 1, 'connected', $2, 'own', $3, $4, $2, $2, now(), '{Mail.Send,User.Read}', $5, $6, now() + interval '1 hour', now(), 1)`,
    [
      tenantId,
      address,
      registration.tenantId,
      randomUUID(),
      await seal(tokens.refreshToken, 'refresh-token'),
      await seal(tokens.accessToken, 'access-token'),
    ],
  )
}

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
