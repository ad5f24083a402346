import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../apps/api/src/database/embedded/embedded-postgres.ts'
import { migrate } from '../../apps/api/src/database/migrations/migrate.ts'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import { clientCertificate } from '../../packages/m365/src/test-support/self-signed-certificate.ts'
import { parseVaultKeys } from '../../packages/m365/src/vault/key-ring.ts'
import { createTokenVault, type TokenVault } from '../../packages/m365/src/vault/token-vault.ts'
import { NODE_FLAGS } from '../start/node-flags.mjs'
import { startSimulator, toProcess, untilReady, type Process } from './processes.ts'
import { addTenant, type AccessKind, type Tenant } from './tenants.ts'

/** The sources that this file belongs to. */
export const THIS_RELEASE = fileURLToPath(new URL('../..', import.meta.url))
const COMMAND = join(THIS_RELEASE, 'scripts/start/command.ts')
/** The simulator has as many people. */
const PEOPLE = 64

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

type Role = 'all' | 'api' | 'worker'
type Variables = Readonly<Record<string, string>>

export interface Database {
  readonly connectionString: string
  stop(): Promise<void>
}

interface Options {
  readonly access?: AccessKind
  /** The embedded one by default. */
  readonly openDatabase?: (directory: string, signal: AbortSignal | undefined) => Promise<Database>
  /** Whether this release makes the tables, or the first process. */
  readonly migrates?: boolean
  /** Cancels the opening, which then rejects. */
  readonly signal?: AbortSignal | undefined
}

export type Testbed = Awaited<ReturnType<typeof open>>

/**
 * Starts a PostgreSQL and a simulated Microsoft, which any number of the product's processes can share. When that fails,
 * or is cancelled, nothing of them is left.
 */
export async function openTestbed(options: Options = {}): Promise<Testbed & AsyncDisposable> {
  await using undoing = new AsyncDisposableStack()
  const testbed = await open(options, undoing)
  const kept = undoing.move()
  return { ...testbed, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Adds to `undoing` how each thing that it starts is ended. */
async function open(options: Options, undoing: AsyncDisposableStack) {
  const { openDatabase = openEmbedded, migrates = true, signal } = options
  const access = options.access ?? { graphAuth: 'delegated', credential: 'client secret' }
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-testbed-'))
  undoing.defer(() => rm(directory, { recursive: true, force: true }))
  const postgres = await openDatabase(directory, signal)
  undoing.defer(() => postgres.stop())
  signal?.throwIfAborted()
  if (migrates) await migrate(postgres.connectionString)
  const pool = new pg.Pool({ connectionString: postgres.connectionString, max: 5 })
  pool.on('error', () => {}) // the pool replaces an idle connection that was cut
  undoing.defer(() => void pool.end()) // a statement that still runs ends with the server
  const vaultKeys = `load:${randomBytes(32).toString('base64')}`
  const vault = openVault(vaultKeys)
  const { certificate, privateKey } = clientCertificate()
  const certificatePath = join(directory, 'client.pem')
  await writeFile(certificatePath, certificate + privateKey, { mode: 0o600 })
  const registration = {
    ...REGISTRATION,
    certificates: [certificate],
    displayName: 'Inforiver Mail',
    redirectUris: ['http://localhost/auth/microsoft/callback'],
  }
  const simulator = await startSimulator({ registration, generatedPeople: PEOPLE }, signal)
  const { control } = simulator
  undoing.defer(() => simulator.stop())
  signal?.throwIfAborted()
  const processes: Process[] = []
  const killAll = () => {
    for (const each of processes) void each.kill()
  }
  process.once('exit', killAll)
  undoing.defer(async () => {
    process.off('exit', killAll)
    await Promise.all(processes.map((each) => each.stop()))
  })

  const environment = {
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
    VAULT_KEYS: vaultKeys,
    LOG_LEVEL: 'fatal',
  }

  async function launch(program: readonly [string, ...string[]], variables: Variables): Promise<Process> {
    const [command, ...parameters] = program
    const port = Number(variables['PORT'] ?? (await freePort()))
    const child = spawn(command, parameters, {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...environment, PORT: String(port), ...variables },
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

  const startRelease = (sources: string, role: Role, variables: Variables = {}, nodeFlags: readonly string[] = []) =>
    launch([process.execPath, ...NODE_FLAGS, ...nodeFlags, join(sources, 'scripts/launch.ts')], {
      ROLE: role,
      ...variables,
    })

  return {
    pool,
    directory,
    connectionString: postgres.connectionString,
    simulatorUrl: simulator.url,
    /** The default of VAULT_KEYS for the processes started here. */
    vaultKeys,
    control,

    /**
     * Inserts tenants with a connected mailbox each: person-1, person-2 and so on, or from `firstPerson` on.
     * With large attachments the grant includes Mail.ReadWrite.
     */
    async addTenants(count: number, { largeAttachments = false, firstPerson = 1 } = {}): Promise<Tenant[]> {
      const tenants: Tenant[] = []
      for (let person = firstPerson; person < firstPerson + count; person++) {
        const address = `person-${person}@contoso.com`
        const entraTenantId = REGISTRATION.tenantId
        tenants.push(await addTenant({ pool, vault, control, access, entraTenantId, address, largeAttachments }))
      }
      return tenants
    },

    /**
     * Starts a process of the product, on PORT or a free port, and waits until it is ready. Throws with its output when
     * it ends first. An empty variable is not set.
     */
    start: (role: Role, variables?: Variables, nodeFlags?: readonly string[]) =>
      startRelease(THIS_RELEASE, role, variables, nodeFlags),
    /** The same for another release, whose sources are in a folder. */
    startRelease,
    /** The same for a program, such as that of an unpacked release. */
    launch,

    /** Starts a command of the product, such as `backup --to FILE`. */
    command(words: readonly string[], variables: Variables = {}) {
      const child = spawn(process.execPath, [...NODE_FLAGS, COMMAND, ...words], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, ...variables },
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => (output += data.toString()))
      return {
        ended: once(child, 'close').then(([code]) => ({ code: code as number | null, output })),
        kill: () => void child.kill('SIGKILL'),
      }
    },
  }
}

function openEmbedded(directory: string, signal: AbortSignal | undefined): Promise<Database> {
  return startEmbeddedPostgres({ dataDirectory: directory, onRestart() {}, onLost() {}, signal })
}

function openVault(keys: string): TokenVault {
  const parsed = parseVaultKeys(keys)
  if (parsed.outcome !== 'read') throw new Error(parsed.faults.join(' '))
  return createTokenVault(parsed.keyRing)
}
