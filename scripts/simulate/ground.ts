import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startSimulator } from '../../apps/m365-simulator/src/start.ts'
import { compose } from '../../apps/api/src/compose.ts'
import { readConfig, type Config } from '../../apps/api/src/configuration/config.ts'
import { connectDatabase } from '../../apps/api/src/database/database.ts'
import { createTrigrams } from '../../apps/api/src/database/trigrams.ts'
import { makeIndex } from '../../apps/api/src/queue/records/search-index.ts'
import type { MakeHousekeeping } from '../../apps/api/src/background/housekeeping.ts'
import { createLogger } from '../../apps/api/src/runtime/logger.ts'
import {
  databaseUrl,
  freePort,
  onServer,
  PRODUCT_ROLE,
  provideServer,
  startEmbeddedServer,
  TEMPLATE,
} from '../../apps/api/src/test-support/database-server.ts'
import { createTestBrowser } from '../../apps/api/src/test-support/test-browser.ts'
import { NOW_SETTING } from './backends.ts'

// The database that each schedule begins with: an installation whose mailbox is connected, with a service key and an admin
// who has signed in. The real product makes it, once.

/** When every schedule begins. */
export const STARTS_AT = Date.parse('2026-11-24T10:00:00.000Z')
export const SENDERS = ['ada@contoso.com', 'max@contoso.com'] as const
const OFFICE365 = '/api/v1/tenant-settings/office365-smtp'
const PUBLIC_URL = 'http://localhost:3000'
const REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  clientSecret: 'the-secret-of-the-simulation',
}
const VAULT_KEYS = `simulation:${Buffer.alloc(32, 7).toString('base64')}`
/** Where the rows are kept that schedules begin with: of a mailbox that may be read, and of one that may only be sent from. */
const SNAPSHOTS = { readable: 'simulation_readable', sendOnly: 'simulation_send_only' } as const

/** What a worker needs to run schedules; it can be sent to another process. */
export interface Ground {
  readonly serverUrl: string
  readonly tenantId: string
  readonly serviceKey: string
  readonly cookie: string
}

const SETTINGS = `
  ALTER SYSTEM SET synchronous_commit = off;
  ALTER SYSTEM SET autovacuum = off;
  ALTER SYSTEM SET deadlock_timeout = '1h'` // the simulation finds deadlocks

export async function prepareGround(): Promise<{ ground: Ground; readonly close: () => Promise<void> }> {
  const server = await startEmbeddedServer()
  const close = await provideServer({ provide() {} }, server)
  for (const setting of SETTINGS.split(';')) await onServer(server.url, setting)
  await onServer(server.url, 'SELECT pg_reload_conf()')
  const url = databaseUrl(server.url, TEMPLATE, PRODUCT_ROLE)
  const database = connectDatabase(url, () => {})
  await createTrigrams(database.pool)
  await makeIndex(database.pool, url, new AbortController().signal)
  await database.close()
  const asSuperuser = (statement: string) => onServer(databaseUrl(server.url, TEMPLATE), statement)
  await asSuperuser(`
    CREATE OR REPLACE FUNCTION mail_now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT coalesce(nullif(current_setting('${NOW_SETTING}', true), ''), '${new Date(STARTS_AT).toISOString()}')::timestamptz $$`)
  const access = await connectMailbox(url, (snapshot) => asSuperuser(keepRows(snapshot)))
  return { ground: { serverUrl: server.url, ...access }, close }
}

/** Gives a worker a database of its own. Returns its address, and what brings back the rows that schedules begin with. */
export async function openDatabase(
  { serverUrl }: Ground,
  worker: number,
): Promise<{ url: string; restore(isReadable: boolean): Promise<void> }> {
  const name = `simulation_${worker}`
  await onServer(serverUrl, `CREATE DATABASE ${name} OWNER ${PRODUCT_ROLE} TEMPLATE ${TEMPLATE} STRATEGY file_copy`)
  const client = new pg.Client({ connectionString: databaseUrl(serverUrl, name) })
  client.on('error', () => {}) // the server stops before the simulation does
  await client.connect()
  return {
    url: databaseUrl(serverUrl, name, PRODUCT_ROLE),
    async restore(isReadable) {
      const statements = bringBack(isReadable ? SNAPSHOTS.readable : SNAPSHOTS.sendOnly)
      const { rows } = await client.query<{ statement: string }>(statements)
      await client.query(rows[0]?.statement ?? '')
    },
  }
}

export function configOf(databaseAddress: string, environment: Readonly<Record<string, string>> = {}): Config {
  return readConfig(
    {
      SMTP: 'Office365',
      AZURE_TENANT_ID: REGISTRATION.tenantId,
      AZURE_CLIENT_ID: REGISTRATION.clientId,
      AZURE_CLIENT_SECRET: REGISTRATION.clientSecret,
      GRAPH_AUTH: 'application',
      PUBLIC_URL,
      DATABASE_URL: databaseAddress,
      VAULT_KEYS,
      LOG_LEVEL: 'warn',
      ...environment,
    },
    join(tmpdir(), 'no-such-folder'),
  )
}

/** Tables that hold rows are copied; all others are empty when a schedule begins. */
const keepRows = (snapshot: string): string => `
CREATE SCHEMA ${snapshot};
DO $$ DECLARE t record; filled boolean; BEGIN
  FOR t IN SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%s)', t.name) INTO filled;
    IF filled THEN EXECUTE format('CREATE TABLE ${snapshot}.%s AS TABLE public.%s', t.name, t.name); END IF;
  END LOOP;
END $$`

/** Triggers stay away: they would refuse to empty the audit log, and count what is brought back. */
const bringBack = (snapshot: string): string => `
SELECT 'BEGIN; SET LOCAL session_replication_role = replica; '
    || string_agg(format('DELETE FROM public.%I', tablename), '; ') || '; '
    || coalesce((SELECT string_agg(format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE TABLE ${snapshot}.%1$I', tablename), '; ') || '; '
                   FROM pg_tables WHERE schemaname = '${snapshot}'), '')
    || coalesce((SELECT string_agg(format('ALTER SEQUENCE public.%I RESTART', sequencename), '; ') || '; ' FROM pg_sequences WHERE schemaname = 'public'), '')
    || 'COMMIT' AS statement
  FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`

/** Has an admin sign in, connect a mailbox and create a service key. Time stands still meanwhile. */
async function connectMailbox(
  databaseAddress: string,
  keep: (snapshot: string) => Promise<void>,
): Promise<Omit<Ground, 'serverUrl'>> {
  const now = () => new Date(STARTS_AT)
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const simulator = await startSimulator({
    port: 0,
    registration: {
      ...REGISTRATION,
      certificates: [],
      displayName: 'Inforiver Mail',
      redirectUris: ['http://localhost/auth/microsoft/callback'],
    },
    clock: now,
  })
  const config = configOf(databaseAddress, {
    AZURE_AUTHORITY_HOST: simulator.authorityHost,
    GRAPH_BASE_URL: simulator.graphBaseUrl,
    PUBLIC_URL: publicUrl,
    PORT: String(port),
  })
  let tasks: Parameters<MakeHousekeeping>[0]['tasks'] = {}
  const product = await compose(config, createLogger('error'), {
    onFatal(error) {
      throw error
    },
    clock: now,
    servesPage: false,
    makeHousekeeping: (deps) => {
      tasks = deps.tasks
      return { start() {}, async stop() {} }
    },
  })
  const app = await product.buildApp()
  await app.listen({ host: config.host, port })
  const admin = createTestBrowser(publicUrl)
  await admin.signIn('Ada Admin')
  const connect = async (largeAttachments: boolean, snapshot: string) => {
    await admin.call('POST', `${OFFICE365}/reset`, {})
    const consent = await admin.call('POST', `${OFFICE365}/configure`, { fromEmail: SENDERS[0], largeAttachments })
    await admin.consent((consent.json as { consentUrl: string }).consentUrl, 'Grace Global')
    await tasks['check-sent-items-search']?.()
    const settings = await admin.call('GET', OFFICE365)
    if ((settings.json as { status: string }).status !== 'connected')
      throw new Error('The mailbox of the simulation could not be connected. What the product logged is above.')
    await keep(snapshot)
  }
  const scopes = ['messages:send', 'messages:read', 'settings:read']
  const created = await admin.call('POST', '/api/v1/service-keys', { name: 'reports', scopes })
  await connect(false, SNAPSHOTS.sendOnly)
  await connect(true, SNAPSHOTS.readable)
  const session = await admin.call('GET', '/api/v1/session')
  const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const { tenantId } = session.json as { tenantId: string }
  await app.close()
  await product.close()
  await simulator.close()
  return { tenantId, serviceKey: (created.json as { key: string }).key, cookie }
}
