import { hostPair } from '@inforiver-mail/m365/clouds'
import type pg from 'pg'
import { ConfigurationError, type Config } from '../configuration/config.ts'
import type { NewId } from '../runtime/ids.ts'
import type { Database } from './database.ts'

/** The app registration and Microsoft hosts that a database belongs to. */
type Owner = Pick<Config, 'authorityHost' | 'graphBaseUrl'> & {
  readonly registration: Pick<Config['registration'], 'tenantId' | 'clientId'>
}

const ANEW = 'use another database (DATABASE_URL) or data folder (DATA_DIR)'

/** Has the next start write down its hosts, as in a database that has none. For the demo, whose hosts are this machine. */
export async function clearHosts(client: pg.ClientBase): Promise<void> {
  await client.query('UPDATE installation SET authority_host = NULL, graph_base_url = NULL')
}

/** What a database recorded of it. The hosts are null until a start records them. */
export interface Recorded {
  readonly entraTenantId: string
  readonly entraClientId: string
  readonly authorityHost: string | null
  readonly graphBaseUrl: string | null
}

export interface Installation extends Recorded {
  readonly tenantId: string
}

/** Null where no product has been started on the database. */
export async function readInstallation(client: Pick<pg.ClientBase, 'query'>): Promise<Installation | null> {
  const { rows } = await client.query<Installation>(
    `SELECT tenant_id AS "tenantId", entra_tenant_id AS "entraTenantId", entra_client_id AS "entraClientId",
            authority_host AS "authorityHost", graph_base_url AS "graphBaseUrl" FROM installation WHERE id = 1`,
  )
  return rows[0] ?? null
}

/** Explains why the database, or a backup of one, may not be used with this app registration and these hosts; null when it may. */
export function installationFault(
  recorded: Recorded,
  { registration, authorityHost, graphBaseUrl }: Owner,
  what: 'database' | 'backup' = 'database',
): string | null {
  const { entraTenantId, entraClientId } = recorded
  if (entraTenantId !== registration.tenantId || entraClientId !== registration.clientId)
    return `This ${what} belongs to another app registration (tenant ${entraTenantId}, client ${entraClientId}). Set AZURE_TENANT_ID and AZURE_CLIENT_ID to those, or ${ANEW}.`
  if (recorded.authorityHost === null) return null
  const hosts = hostPair(authorityHost, graphBaseUrl)
  if (recorded.authorityHost !== hosts.authorityHost || recorded.graphBaseUrl !== hosts.graphBaseUrl)
    return `This ${what} belongs to other hosts of Microsoft (${recorded.authorityHost} and ${recorded.graphBaseUrl}), whose tokens must not go to ${hosts.authorityHost} and ${hosts.graphBaseUrl}. Set M365_CLOUD, or AZURE_AUTHORITY_HOST and GRAPH_BASE_URL, to those, or ${ANEW} and connect the mailbox there.`
  return null
}

/**
 * Ties the database to one Entra tenant, one app registration, and the hosts that its tokens may go to. The first start
 * records them, and later starts compare them. A database without hosts adopts those of the next start.
 *
 * @returns the id of the tenant that people who sign in belong to
 * @throws {ConfigurationError} when the database belongs to another registration or other hosts
 */
export async function openInstallation({ pool }: Database, owner: Owner, now: Date, newId: NewId): Promise<string> {
  const { tenantId, clientId } = owner.registration
  const { authorityHost, graphBaseUrl } = hostPair(owner.authorityHost, owner.graphBaseUrl)
  const before = await readInstallation(pool)
  if (before === null) await pool.query(CREATE, [newId('tenant'), now, tenantId, clientId, authorityHost, graphBaseUrl])
  else {
    refuse(installationFault(before, owner))
    if (before.authorityHost === null) await pool.query(ADOPT, [authorityHost, graphBaseUrl])
  }
  const recorded = await readInstallation(pool)
  if (recorded === null) throw new Error('The installation that was just recorded is gone.')
  refuse(installationFault(recorded, owner))
  return recorded.tenantId
}

/** Two processes may start at once: the first row wins. $1 tenant, $2 now, $3 Entra's tenant, $4 client, $5 and $6 hosts */
const CREATE = `
WITH created AS (
  INSERT INTO installation (id, tenant_id, created_at, entra_tenant_id, entra_client_id, authority_host, graph_base_url)
  VALUES (1, $1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING tenant_id, created_at
)
INSERT INTO tenants (id, created_at) SELECT tenant_id, created_at FROM created`

/** $1 and $2 hosts */
const ADOPT = 'UPDATE installation SET authority_host = $1, graph_base_url = $2 WHERE authority_host IS NULL'

function refuse(fault: string | null): void {
  if (fault !== null) throw new ConfigurationError(fault)
}
