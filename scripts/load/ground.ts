import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../apps/api/src/database/embedded-postgres.ts'
import { migrate } from '../../apps/api/src/database/migrate.ts'
import { parseVaultKeys } from '../../packages/m365/src/vault/key-ring.ts'
import { createTokenVault, type TokenVault } from '../../packages/m365/src/vault/token-vault.ts'

const SIMULATOR = fileURLToPath(new URL('../../apps/m365-simulator/src/serve.ts', import.meta.url))
const LAUNCH = fileURLToPath(new URL('../launch.ts', import.meta.url))
const READY_TIMEOUT_MS = 30_000
const MAX_TENANTS = 64

const REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  clientSecret: randomBytes(24).toString('hex'),
}

export interface Process {
  readonly url: string
  readonly pid: number
  /** Whether it ended by itself, or was killed. */
  readonly ended: boolean
  kill(): Promise<void>
  stop(): Promise<void>
}

export interface Tenant {
  readonly id: string
  readonly address: string
  readonly serviceKey: string
}

export interface Ground {
  readonly pool: pg.Pool
  readonly simulatorUrl: string
  control(method: string, path: string, body?: unknown): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- the simulator's answers are read where they are used
  /** Tenants with a connected mailbox each, put in by SQL. */
  addTenants(count: number, permissions: readonly string[]): Promise<Tenant[]>
  /** Starts a process of the product and waits until it is ready. */
  start(role: 'all' | 'api' | 'worker', environment?: Record<string, string>): Promise<Process>
  close(): Promise<void>
}

/** A PostgreSQL, a simulated Microsoft and any number of the product's processes, all in a temporary folder. */
export async function openGround(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-load-'))
  const postgres = await startEmbeddedPostgres({ dataDirectory: directory, onRestart() {}, onLost() {} })
  await migrate(postgres.connectionString)
  const pool = new pg.Pool({ connectionString: postgres.connectionString, max: 5 })
  const vaultKeys = `load:${randomBytes(32).toString('base64')}`
  const vault = openVault(vaultKeys)
  const simulator = await startSimulator()
  const processes: Process[] = []

  async function control(method: string, path: string, body?: unknown) {
    const response = await fetch(`${simulator.url}/control${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The simulator answered ${response.status} to ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  return {
    pool,
    simulatorUrl: simulator.url,
    control,

    async addTenants(count, permissions) {
      const addresses = Array.from({ length: count }, (_, index) => `person-${index + 1}@contoso.com`)
      const tenants: Tenant[] = []
      for (const address of addresses) tenants.push(await addTenant({ pool, vault, control, address, permissions }))
      return tenants
    },

    async start(role, environment = {}) {
      const port = await freePort()
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', LAUNCH],
        {
          cwd: directory,
          stdio: ['ignore', 'ignore', 'inherit'],
          env: {
            PATH: process.env['PATH'],
            SMTP: 'Office365',
            AZURE_TENANT_ID: REGISTRATION.tenantId,
            AZURE_CLIENT_ID: REGISTRATION.clientId,
            AZURE_CLIENT_SECRET: REGISTRATION.clientSecret,
            AZURE_AUTHORITY_HOST: simulator.url,
            GRAPH_BASE_URL: simulator.url,
            DATABASE_URL: postgres.connectionString,
            VAULT_KEYS: vaultKeys,
            LOG_LEVEL: 'fatal',
            ROLE: role,
            PORT: String(port),
            ...environment,
          },
        },
      )
      const started = toProcess(child, `http://127.0.0.1:${port}`)
      processes.push(started)
      await untilReady(started)
      return started
    },

    async close() {
      await Promise.all(processes.map((each) => each.stop()))
      simulator.child.kill('SIGTERM')
      await pool.end()
      await postgres.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function addTenant(parts: {
  pool: pg.Pool
  vault: TokenVault
  control: Ground['control']
  address: string
  permissions: readonly string[]
}): Promise<Tenant> {
  const { pool, vault, control, address, permissions } = parts
  const id = `ten_${randomBytes(16).toString('hex')}`
  const scopes = [...permissions, 'offline_access', 'openid', 'profile']
  const tokens = await control('POST', `/people/${encodeURIComponent(address)}/tokens`, { scopes })
  const seal = (value: string, purpose: string) => vault.seal(value, { tenant: id, record: 'tenant_settings', purpose })
  const serviceKey = `imk_${randomBytes(32).toString('base64url')}`
  await pool.query('INSERT INTO tenants (id, created_at) VALUES ($1, now())', [id])
  await pool.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox, delegate_tenant_id, delegate_object_id, delegate_name,
       delegate_email, connected_at, granted_permissions, large_attachments, refresh_token_sealed, access_token_sealed,
       access_token_expires_at, grant_version, sent_items_search)
     VALUES ($1, 1, 'connected', $2, 'own', $3, $4, $2, $2, now(), $5, false, $6, $7, $8, 1, 'works')`,
    [
      id,
      address,
      REGISTRATION.tenantId,
      randomUUID(),
      permissions,
      await seal(tokens.refreshToken, 'refresh-token'),
      await seal(tokens.accessToken, 'access-token'),
      new Date(Date.now() + tokens.expiresIn * 1_000),
    ],
  )
  await pool.query(
    `INSERT INTO service_keys (id, tenant_id, name, scopes, key_hash, created_at)
     VALUES ($1, $2, 'load', '{messages:send,messages:read,settings:read}', $3, now())`,
    [`key_${randomBytes(16).toString('hex')}`, id, createHash('sha256').update(serviceKey).digest('base64url')],
  )
  return { id, address, serviceKey }
}

async function startSimulator(): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(SIMULATOR, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  child.send({
    port: 0,
    registration: {
      ...REGISTRATION,
      displayName: 'Inforiver Mail',
      redirectUris: ['http://localhost/auth/microsoft/callback'],
    },
    generatedPeople: MAX_TENANTS,
  })
  const answer = await new Promise<{ url?: string; failed?: string }>((resolve) => child.once('message', resolve))
  if (answer.url === undefined) throw new Error(answer.failed)
  return { url: answer.url, child }
}

function toProcess(child: ChildProcess, url: string): Process {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    url,
    get pid() {
      return child.pid ?? 0
    },
    get ended() {
      return child.exitCode !== null || child.signalCode !== null
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function untilReady(started: Process): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < giveUpAt) {
    if (started.ended) throw new Error('A process ended before it was ready.')
    const ready = await fetch(`${started.url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) return
    await delay(50)
  }
  throw new Error('A process did not become ready.')
}

function openVault(keys: string): TokenVault {
  const parsed = parseVaultKeys(keys)
  if (parsed.outcome !== 'read') throw new Error(parsed.faults.join(' '))
  return createTokenVault(parsed.keyRing)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return address.port
}
