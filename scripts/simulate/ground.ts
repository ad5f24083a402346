import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, type Config } from '../../apps/api/src/configuration/config.ts'
import { connectDatabase } from '../../apps/api/src/database/database.ts'
import { createTrigrams } from '../../apps/api/src/database/trigrams.ts'
import { makeIndex } from '../../apps/api/src/queue/records/search-index.ts'
import {
  databaseUrl,
  onServer,
  PRODUCT_ROLE,
  provideServer,
  startEmbeddedServer,
  TEMPLATE,
} from '../../apps/api/src/test-support/database-server.ts'
import type { TokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import { addAdmin, addTenant } from '../testbed/tenants.ts'
import { NOW_SETTING } from './backends.ts'
import { TOKEN_SECONDS } from './mailboxes.ts'

// The database that each schedule begins with: an installation whose mailbox is connected, with a service key and an admin
// who has signed in.

/** When every schedule begins. */
export const STARTS_AT = Date.parse('2026-11-24T10:00:00.000Z')
export const SENDERS = ['ada@contoso.com', 'max@contoso.com'] as const
const ENTRA_TENANT = '11111111-2222-4333-8444-555555555555'
export const VAULT_KEYS = `simulation:${Buffer.alloc(32, 7).toString('base64')}`

/** Who may ask the product. */
export type Access = Awaited<ReturnType<Awaited<ReturnType<typeof openDatabase>>['begin']>>

const SETTINGS = [
  'synchronous_commit = off',
  'autovacuum = off',
  "deadlock_timeout = '1h'", // the simulation finds deadlocks
]

/** Starts the server, with a database that each worker copies. */
export async function prepareGround(): Promise<{ serverUrl: string; readonly close: () => Promise<void> }> {
  const server = await startEmbeddedServer()
  const close = await provideServer({ provide() {} }, server)
  for (const setting of SETTINGS) await onServer(server.url, `ALTER SYSTEM SET ${setting}`)
  await onServer(server.url, 'SELECT pg_reload_conf()')
  const url = databaseUrl(server.url, TEMPLATE, PRODUCT_ROLE)
  const database = connectDatabase(url, () => {})
  await createTrigrams(database.pool)
  await makeIndex(database.pool, url, new AbortController().signal)
  await database.close()
  await onServer(
    databaseUrl(server.url, TEMPLATE),
    `CREATE OR REPLACE FUNCTION mail_now() RETURNS timestamptz LANGUAGE sql STABLE
     AS $$ SELECT coalesce(nullif(current_setting('${NOW_SETTING}', true), ''), '${new Date(STARTS_AT).toISOString()}')::timestamptz $$`,
  )
  return { serverUrl: server.url, close }
}

/** Gives a worker a database of its own. Returns its address, and what makes it as it is when a schedule begins. */
export async function openDatabase(serverUrl: string, worker: string, vault: TokenVault) {
  const name = `simulation_${worker}`
  await onServer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await onServer(serverUrl, `CREATE DATABASE ${name} OWNER ${PRODUCT_ROLE} TEMPLATE ${TEMPLATE} STRATEGY file_copy`)
  const { pool, prisma } = connectDatabase(databaseUrl(serverUrl, name), () => {})
  await prisma.installation.findFirst() // Prisma loads its engine from files when it is first used
  const { rows } = await pool.query<{ statement: string }>(EMPTY)
  return {
    url: databaseUrl(serverUrl, name, PRODUCT_ROLE),
    async begin(largeAttachments: boolean) {
      await pool.query(rows[0]?.statement ?? '')
      const tenant = await addTenant({
        pool,
        vault,
        control: async () => ({ accessToken: 'of the simulation', expiresIn: TOKEN_SECONDS }),
        access: { graphAuth: 'application', credential: 'client secret' },
        entraTenantId: ENTRA_TENANT,
        address: SENDERS[0],
        largeAttachments,
      })
      const { cookie } = await addAdmin(pool, tenant)
      return { tenantId: tenant.id, serviceKey: tenant.serviceKey, cookie }
    },
  }
}

export function configOf(databaseAddress: string, environment: Readonly<Record<string, string>>): Config {
  return readConfig(
    {
      SMTP: 'Office365',
      AZURE_TENANT_ID: ENTRA_TENANT,
      AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
      AZURE_CLIENT_SECRET: 'the-secret-of-the-simulation',
      GRAPH_AUTH: 'application',
      PUBLIC_URL: 'http://localhost:3000',
      DATABASE_URL: databaseAddress,
      VAULT_KEYS,
      LOG_LEVEL: 'warn',
      ...environment,
    },
    join(tmpdir(), 'no-such-folder'),
  )
}

/**
 * Makes the statement that empties all tables. Triggers stay away: they would refuse to empty the audit log. Where rows of the
 * queue lie decides between those that are due at the same moment, so it begins without room that others left.
 */
const EMPTY = `
SELECT 'BEGIN; SET LOCAL session_replication_role = replica; TRUNCATE message_queue; '
    || (SELECT string_agg(format('DELETE FROM public.%I', tablename), '; ') FROM pg_tables
         WHERE schemaname = 'public' AND tablename <> '_prisma_migrations')
    || coalesce((SELECT string_agg(format('; ALTER SEQUENCE public.%I RESTART', sequencename), '') FROM pg_sequences
                  WHERE schemaname = 'public'), '') || '; COMMIT' AS statement`
