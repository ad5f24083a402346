import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { applicationPermissionsFor, permissionsFor } from '../../packages/contract/src/permission.ts'
import type { TokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import type { Control } from './processes.ts'

/** Whose access mail is sent with, and how the app authenticates to Microsoft. */
export interface AccessKind {
  readonly graphAuth: 'delegated' | 'application'
  readonly credential: 'client secret' | 'certificate'
}

export interface Tenant {
  readonly id: string
  readonly address: string
  readonly serviceKey: string
}

interface NewTenant {
  readonly pool: pg.Pool
  readonly vault: TokenVault
  readonly control: Control
  readonly access: AccessKind
  readonly entraTenantId: string
  readonly address: string
  readonly largeAttachments: boolean
}

/** Adds a tenant whose mailbox is connected, with a service that may do everything. */
export async function addTenant(tenant: NewTenant): Promise<Tenant> {
  const { pool, vault, address, largeAttachments } = tenant
  const id = `ten_${randomBytes(16).toString('hex')}`
  const { mailbox, delegate, permissions, tokens } = await connect(tenant)
  const seal = (value: string, purpose: string) => vault.seal(value, { tenant: id, record: 'tenant_settings', purpose })
  const serviceKey = `imk_${randomBytes(32).toString('base64url')}`
  await pool.query('INSERT INTO tenants (id, created_at) VALUES ($1, mail_now())', [id])
  await pool.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox, delegate_tenant_id, delegate_object_id, delegate_name,
       delegate_email, connected_at, granted_permissions, large_attachments, refresh_token_sealed, access_token_sealed,
       access_token_expires_at, access_token_obtained_at, grant_version, sent_items_search)
     VALUES ($1, 1, 'connected', $2, $3, $4, $5, $6, $6, mail_now(), $7, $8, $9, $10, mail_now() + $11 * interval '1 second',
             mail_now(), 1, 'works')`,
    [
      id,
      address,
      mailbox,
      delegate?.tenantId,
      delegate?.objectId,
      delegate?.email,
      permissions,
      largeAttachments,
      delegate && (await seal(tokens.refreshToken, 'refresh-token')),
      await seal(tokens.accessToken, 'access-token'),
      tokens.expiresIn,
    ],
  )
  await pool.query(
    `INSERT INTO service_keys (id, tenant_id, name, scopes, key_hash, created_at)
     VALUES ($1, $2, 'load', '{messages:send,messages:read,settings:read}', $3, mail_now())`,
    [`key_${randomBytes(16).toString('hex')}`, id, createHash('sha256').update(serviceKey).digest('base64url')],
  )
  return { id, address, serviceKey }
}

/** Creates what a consent leaves behind, a person's or an administrator's for the application. */
async function connect({ control, access, entraTenantId, address, largeAttachments }: NewTenant) {
  if (access.graphAuth === 'application') {
    const permissions = applicationPermissionsFor({ largeAttachments, bounces: false })
    const tokens = await control('POST', '/application/tokens', { permissions })
    return { mailbox: 'application', delegate: null, permissions, tokens }
  }
  const permissions = permissionsFor({ ownAddress: true, largeAttachments, bounces: false })
  const scopes = [...permissions, 'offline_access', 'openid', 'profile']
  const tokens = await control('POST', `/people/${encodeURIComponent(address)}/tokens`, { scopes })
  const delegate = { tenantId: entraTenantId, objectId: randomUUID(), email: address }
  return { mailbox: 'own', delegate, permissions, tokens }
}

/** Adds an admin of the tenant who is signed in. Returns the cookie, and what signs in again after a sign-out. */
export async function addAdmin(
  pool: pg.Pool,
  { id, address }: Tenant,
): Promise<{ readonly cookie: string; renew(): Promise<void> }> {
  const value = randomBytes(32).toString('base64url')
  const userId = `usr_${randomBytes(16).toString('hex')}`
  await pool.query(
    `INSERT INTO users (id, tenant_id, entra_tenant_id, entra_object_id, name, email, first_sign_in_at, last_sign_in_at)
     VALUES ($1, $2, 'testbed', 'testbed', 'Admin', $3, mail_now(), mail_now())`,
    [userId, id, address],
  )
  const renew = async () => {
    await pool.query(
      `INSERT INTO sessions (id_hash, tenant_id, user_id, role, created_at, last_seen_at)
       VALUES ($1, $2, $3, 'workspace-admin', mail_now(), mail_now()) ON CONFLICT DO NOTHING`,
      [createHash('sha256').update(value).digest('base64url'), id, userId],
    )
  }
  await renew()
  return { cookie: `inforiver-mail-session=${value}`, renew }
}
