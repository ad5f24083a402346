import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../apps/api/src/database/embedded-postgres.ts'
import { migrate } from '../../apps/api/src/database/migrate.ts'
import { applicationPermissionsFor, permissionsFor } from '../../packages/contract/src/permission.ts'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import { clientCertificate } from '../../packages/m365/src/test-support/self-signed-certificate.ts'
import { parseVaultKeys } from '../../packages/m365/src/vault/key-ring.ts'
import { createTokenVault, type TokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import { NODE_FLAGS } from '../start/node-flags.mjs'

const SIMULATOR = fileURLToPath(new URL('../../apps/m365-simulator/src/serve.ts', import.meta.url))
const COMMAND = fileURLToPath(new URL('../start/command.ts', import.meta.url))
/** The sources that this file belongs to. */
export const THIS_RELEASE = fileURLToPath(new URL('../..', import.meta.url))
const READY_TIMEOUT_MS = 120_000 // long enough on a busy machine
const READY_ASK_MS = 10_000
/** The simulator has as many people. */
export const MAX_MAILBOXES = 64

/** Variables that take every limit off the mailboxes. */
export const NO_LIMITS = {
  MAILBOX_CONCURRENCY: '0',
  MAILBOX_MESSAGES_PER_MINUTE: '0',
  MAILBOX_RECIPIENTS_PER_DAY: '0',
  MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0',
}

const REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  clientSecret: randomBytes(24).toString('hex'),
}

/** Whose access mail is sent with, and how the app authenticates to Microsoft. */
export interface AccessKind {
  readonly graphAuth: 'delegated' | 'application'
  readonly credential: 'client secret' | 'certificate'
}

export const ACCESS_KINDS = [
  { graphAuth: 'delegated', credential: 'client secret' },
  { graphAuth: 'delegated', credential: 'certificate' },
  { graphAuth: 'application', credential: 'client secret' },
  { graphAuth: 'application', credential: 'certificate' },
] as const satisfies readonly AccessKind[]

export function describeAccess({ graphAuth, credential }: AccessKind): string {
  return `${graphAuth} access by ${credential}`
}

export interface Process {
  readonly url: string
  readonly pid: number
  /** Null while it runs, and when a signal ended it. */
  readonly exitCode: number | null
  /** Whether it has ended, by itself or by a signal. */
  readonly ended: boolean
  /** Suspends the process: whatever is sent to it waits until `resume`. */
  freeze(): void
  resume(): void
  kill(): Promise<void>
  stop(): Promise<void>
}

export interface Tenant {
  readonly id: string
  readonly address: string
  readonly serviceKey: string
}

export interface Testbed {
  readonly pool: pg.Pool
  readonly connectionString: string
  readonly simulatorUrl: string
  /** The default of VAULT_KEYS for the processes started here. */
  readonly vaultKeys: string
  control(method: string, path: string, body?: unknown): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- the simulator's answers are read where they are used
  /**
   * Inserts tenants with a connected mailbox each: person-1, person-2 and so on, or from `firstPerson` on.
   * With large attachments the grant includes Mail.ReadWrite.
   */
  addTenants(count: number, options?: { largeAttachments: boolean; firstPerson?: number }): Promise<Tenant[]>
  /**
   * Starts a process of the product, on PORT or a free port, and waits until it is ready. Throws with its output when
   * it ends first.
   */
  start(
    role: 'all' | 'api' | 'worker',
    environment?: Record<string, string>,
    nodeFlags?: readonly string[],
  ): Promise<Process>
  /** The same for another release, whose sources are in a folder. */
  startRelease(sources: string, role: 'all' | 'api' | 'worker', environment?: Record<string, string>): Promise<Process>
  /** Runs `npm run vault` with these keys; resolves to whether it exits with 0. */
  vault(command: string, vaultKeys: string): Promise<boolean>
  /** Starts `npm run backup` or `npm run restore`, with a pipe for its output; an empty variable is not set. */
  transfer(words: readonly string[], environment?: Record<string, string>): ChildProcess
  close(): Promise<void>
}

export interface Database {
  readonly connectionString: string
  stop(): Promise<void>
}

interface OpenOptions {
  /** Whether this release makes the tables, or the first process. */
  readonly migrates?: boolean
  /** Cancels the opening, which then rejects. */
  readonly signal?: AbortSignal | undefined
}

type OpenDatabase = (directory: string, signal: AbortSignal | undefined) => Promise<Database>

/**
 * Starts a PostgreSQL and a simulated Microsoft, which any number of the product's processes can share. When that fails,
 * or is cancelled, nothing of them is left.
 */
export async function openTestbed(
  access: AccessKind = ACCESS_KINDS[0],
  openDatabase: OpenDatabase = openEmbedded,
  options: OpenOptions = {},
): Promise<Testbed> {
  const undoing: Undo[] = []
  try {
    return await open(access, openDatabase, options, undoing)
  } catch (error) {
    await undoAll(undoing)
    throw error
  }
}

type Undo = () => unknown

/** Begins with the last, and goes on after one that fails. */
async function undoAll(undoing: Undo[]): Promise<void> {
  const undo = undoing.pop()
  if (undo === undefined) return
  try {
    await undo()
  } finally {
    await undoAll(undoing)
  }
}

/** Adds to `undoing` how each thing that it starts is ended. */
async function open(
  access: AccessKind,
  openDatabase: OpenDatabase,
  { migrates = true, signal }: OpenOptions,
  undoing: Undo[],
): Promise<Testbed> {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-load-'))
  undoing.push(() => rm(directory, { recursive: true, force: true }))
  const postgres = await openDatabase(directory, signal)
  undoing.push(() => postgres.stop())
  signal?.throwIfAborted()
  if (migrates) await migrate(postgres.connectionString)
  const pool = new pg.Pool({ connectionString: postgres.connectionString, max: 5 })
  pool.on('error', () => {}) // the pool replaces an idle connection that was cut
  undoing.push(() => void pool.end()) // a statement that still runs ends with the server
  const vaultKeys = `load:${randomBytes(32).toString('base64')}`
  const vault = openVault(vaultKeys)
  const { certificate, privateKey } = clientCertificate()
  const certificatePath = join(directory, 'client.pem')
  await writeFile(certificatePath, certificate + privateKey, { mode: 0o600 })
  const simulator = await startSimulator(certificate, signal)
  undoing.push(() => simulator.stop())
  signal?.throwIfAborted()
  const processes: Process[] = []
  const killAll = () => {
    for (const each of processes) void each.kill()
  }
  process.once('exit', killAll)
  undoing.push(() => {
    process.off('exit', killAll)
    return Promise.all(processes.map((each) => each.stop()))
  })

  const environmentOf = (keys: string) => ({
    PATH: process.env['PATH'],
    SMTP: 'Office365',
    AZURE_TENANT_ID: REGISTRATION.tenantId,
    AZURE_CLIENT_ID: REGISTRATION.clientId,
    ...(access.credential === 'certificate'
      ? { AZURE_CLIENT_CERTIFICATE_PATH: certificatePath }
      : { AZURE_CLIENT_SECRET: REGISTRATION.clientSecret }),
    GRAPH_AUTH: access.graphAuth,
    AZURE_AUTHORITY_HOST: simulator.url,
    GRAPH_BASE_URL: simulator.url,
    DATABASE_URL: postgres.connectionString,
    VAULT_KEYS: keys,
  })

  async function control(method: string, path: string, body?: unknown) {
    const response = await fetch(`${simulator.url}/control${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The simulator answered ${response.status} to ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  async function launch(
    sources: string,
    role: 'all' | 'api' | 'worker',
    environment: Record<string, string> = {},
    nodeFlags: readonly string[] = [],
  ): Promise<Process> {
    const port = Number(environment['PORT'] ?? (await freePort()))
    const child = spawn(process.execPath, [...NODE_FLAGS, ...nodeFlags, join(sources, 'scripts', 'launch.ts')], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...environmentOf(vaultKeys),
        LOG_LEVEL: 'fatal',
        ROLE: role,
        PORT: String(port),
        ...environment,
      },
    })
    const started = toProcess(child, `http://127.0.0.1:${port}`)
    processes.push(started)
    let output = ''
    child.stderr.on('data', (data: Buffer) => (output += data.toString()))
    try {
      await untilReady(started, () => output)
    } catch (error) {
      await started.kill() // a retry needs its port
      throw error
    }
    child.stderr.removeAllListeners('data').pipe(process.stderr, { end: false })
    return started
  }

  return {
    pool,
    connectionString: postgres.connectionString,
    simulatorUrl: simulator.url,
    vaultKeys,
    control,

    async addTenants(count, { largeAttachments, firstPerson = 1 } = { largeAttachments: false }) {
      const addresses = Array.from({ length: count }, (_, index) => `person-${firstPerson + index}@contoso.com`)
      const tenants: Tenant[] = []
      for (const address of addresses)
        tenants.push(await addTenant({ pool, vault, control, access, address, largeAttachments }))
      return tenants
    },

    start: (role, environment, nodeFlags) => launch(THIS_RELEASE, role, environment, nodeFlags),
    startRelease: launch,

    async vault(command, keys) {
      const child = spawn(process.execPath, [...NODE_FLAGS, COMMAND, 'vault', command], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'inherit'],
        env: environmentOf(keys),
      })
      return new Promise((resolve) => child.once('exit', (code) => resolve(code === 0)))
    },

    transfer(words, environment = {}) {
      return spawn(process.execPath, [...NODE_FLAGS, COMMAND, ...words], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environmentOf(vaultKeys), ...environment },
      })
    },

    close: () => undoAll(undoing),
  }
}

/** Adds tenants with a mailbox each, and starts a process of the product that sets their mailboxes no limits. */
export async function startWithoutLimits(
  testbed: Testbed,
  role: 'all' | 'api' = 'all',
  mailboxes = MAX_MAILBOXES,
): Promise<{ tenants: Tenant[]; product: Process }> {
  const tenants = await testbed.addTenants(mailboxes)
  return { tenants, product: await testbed.start(role, NO_LIMITS) }
}

function openEmbedded(directory: string, signal: AbortSignal | undefined): Promise<Database> {
  return startEmbeddedPostgres({ dataDirectory: directory, onRestart() {}, onLost() {}, signal })
}

interface NewTenant {
  readonly pool: pg.Pool
  readonly vault: TokenVault
  readonly control: Testbed['control']
  readonly access: AccessKind
  readonly address: string
  readonly largeAttachments: boolean
}

async function addTenant(tenant: NewTenant): Promise<Tenant> {
  const { pool, vault, address, largeAttachments } = tenant
  const id = `ten_${randomBytes(16).toString('hex')}`
  const { mailbox, delegate, permissions, tokens } = await connect(tenant)
  const seal = (value: string, purpose: string) => vault.seal(value, { tenant: id, record: 'tenant_settings', purpose })
  const serviceKey = `imk_${randomBytes(32).toString('base64url')}`
  await pool.query('INSERT INTO tenants (id, created_at) VALUES ($1, now())', [id])
  await pool.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox, delegate_tenant_id, delegate_object_id, delegate_name,
       delegate_email, connected_at, granted_permissions, large_attachments, refresh_token_sealed, access_token_sealed,
       access_token_expires_at, access_token_obtained_at, grant_version, sent_items_search)
     VALUES ($1, 1, 'connected', $2, $3, $4, $5, $6, $6, now(), $7, $8, $9, $10, $11, now(), 1, 'works')`,
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

/** Creates what a consent leaves behind, a person's or an administrator's for the application. */
async function connect({ control, access, address, largeAttachments }: NewTenant) {
  if (access.graphAuth === 'application') {
    const permissions = applicationPermissionsFor({ largeAttachments, bounces: false })
    const tokens = await control('POST', '/application/tokens', { permissions })
    return { mailbox: 'application', delegate: null, permissions, tokens }
  }
  const permissions = permissionsFor({ ownAddress: true, largeAttachments, bounces: false })
  const scopes = [...permissions, 'offline_access', 'openid', 'profile']
  const tokens = await control('POST', `/people/${encodeURIComponent(address)}/tokens`, { scopes })
  const delegate = { tenantId: REGISTRATION.tenantId, objectId: randomUUID(), email: address }
  return { mailbox: 'own', delegate, permissions, tokens }
}

interface Simulator {
  readonly url: string
  stop(): Promise<void>
}

async function startSimulator(certificate: string, signal: AbortSignal | undefined): Promise<Simulator> {
  const child = fork(SIMULATOR, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = () => void child.kill('SIGTERM')
  const options = {
    port: 0,
    registration: {
      ...REGISTRATION,
      certificates: [certificate],
      displayName: 'Inforiver Mail',
      redirectUris: ['http://localhost/auth/microsoft/callback'],
    },
    generatedPeople: MAX_MAILBOXES,
  }
  signal?.addEventListener('abort', end, { once: true })
  const answer = await new Promise<{ url?: string; failed?: string }>((resolve) => {
    child.once('message', resolve)
    void exited.then(() => resolve({ failed: 'The simulator ended before it was ready.' }))
    child.send(options, () => {}) // where it has ended, that says so
  })
  signal?.removeEventListener('abort', end)
  if (answer.url === undefined) throw new Error(answer.failed)
  return {
    url: answer.url,
    stop() {
      end()
      return exited
    },
  }
}

function toProcess(child: ChildProcess, url: string): Process {
  let ended = false
  // 'close', not 'exit': by then its last output has been read.
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve())).then(() => {
    ended = true
  })
  return {
    url,
    get pid() {
      return child.pid ?? 0
    },
    get exitCode() {
      return child.exitCode
    },
    get ended() {
      return ended
    },
    freeze: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
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

async function untilReady(started: Process, output: () => string): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < giveUpAt) {
    if (started.ended) throw new Error(`A process ended before it was ready: ${output()}`)
    const ready = await fetch(`${started.url}/readyz`, { signal: AbortSignal.timeout(READY_ASK_MS) }).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (ready) return
    await delay(50)
  }
  throw new Error(`A process did not become ready: ${output()}`)
}

function openVault(keys: string): TokenVault {
  const parsed = parseVaultKeys(keys)
  if (parsed.outcome !== 'read') throw new Error(parsed.faults.join(' '))
  return createTokenVault(parsed.keyRing)
}
