import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Check, CheckId } from '@inforiver-mail/contract/setup-check'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { readConfig, type Config } from './configuration/config.ts'
import { runDoctorCommand } from './doctor-command.ts'
import type { DnsResolver } from './setup-check/sender-domain-check.ts'
import { freePort, PRODUCT_ROLE } from './test-support/database-server.ts'
import { createTestDatabase } from './test-support/test-database.ts'
import { useFixture } from './test-support/use-fixture.ts'

const offline: DnsResolver = {
  resolve4: () => Promise.reject(new Error('offline')),
  resolveCname: () => Promise.reject(new Error('offline')),
  resolveTxt: () => Promise.reject(new Error('offline')),
}

const fixture = useFixture()
beforeEach(() => fixture.clear())

interface Run {
  readonly status: number
  readonly checks: Record<CheckId, Check>
  readonly text: string
}

async function doctor(config: Config | (() => Config), requestTimeoutMs = 60_000): Promise<Run> {
  const lines: string[] = []
  const print = (line: string) => void lines.push(line)
  const readConfig = typeof config === 'function' ? config : () => config
  const warn = (line: string) => expect.unreachable(line)
  const status = await runDoctorCommand(readConfig, { json: true, print, warn, resolver: offline, requestTimeoutMs })
  const text = lines.join('\n')
  const { checks } = JSON.parse(text) as { checks: Check[] }
  return { status, text, checks: Object.fromEntries(checks.map((check) => [check.id, check])) as Run['checks'] }
}

const statusesOf = ({ checks }: Run, status: Check['status']) =>
  Object.values(checks).flatMap((check) => (check.status === status ? [check.id] : []))

describe('the configuration', () => {
  const read = (environment: Record<string, string>) => () =>
    readConfig(environment, join(tmpdir(), 'no-such-folder'), { demo: false })

  it('is asked for every fault at once, and what depends on it is skipped', async () => {
    const run = await doctor(read({ PORT: 'many', DATABASE_URL: 'mysql://user:a-password@host/db' }))

    expect(run.status).toBe(1)
    expect(statusesOf(run, 'failed')).toEqual(['configuration'])
    expect(statusesOf(run, 'skipped')).toHaveLength(16)
    const { faults } = run.checks.configuration.values as { faults: string[] }
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['PORT', 'DATABASE_URL', 'There', 'VAULT_KEYS'])
    expect(run.text).not.toContain('a-password')
  })

  it('is printed as text with each fault in a line of its own', async () => {
    const lines: string[] = []
    const print = (text: string) => void lines.push(...text.split('\n'))
    await runDoctorCommand(read({ PORT: 'many' }), { json: false, print, warn: print })

    expect(lines.slice(0, 3)).toEqual([
      'FAILED   configuration: The configuration has faults',
      '         PORT must be a port from 1 to 65534.',
      expect.stringContaining('There is no app registration'),
    ])
    expect(lines).toContain('skipped  clock: Not checked: the configuration has faults')
    expect(lines.at(-1)).toBe('ok: 0, warnings: 0, failed: 1, skipped: 16')
  })

  it('names the variables of a missing app registration', async () => {
    const run = await doctor(read({}))

    expect(run.checks.configuration.detail).toContain('AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET')
  })
})

describe('an external database', () => {
  it('is checked without a product that runs, and the connection with it', async () => {
    await (await fixture.startProduct({ environment: { ROLE: 'api' } })).close()

    const run = await doctor(await fixture.configure())

    expect(run.status).toBe(0)
    expect(statusesOf(run, 'failed')).toEqual([])
    expect(run.checks).toMatchObject({
      database: { code: 'database-ready' },
      vault: { code: 'vault-opens' },
      mailbox: { code: 'not-connected' },
      'app-registration': { code: 'registration-accepted' },
      'public-url': { status: 'warning' },
      port: { code: 'port-free' },
    })
  })

  it('is not changed before the first start', async () => {
    const empty = await createTestDatabase({ template: 'template0' })
    onTestFinished(() => empty.drop())

    const run = await doctor(await fixture.configure({ DATABASE_URL: empty.url }))

    expect(run).toMatchObject({
      status: 0,
      checks: { database: { code: 'database-empty' }, permissions: { code: 'not-connected' } },
    })
    expect(await empty.query('SELECT FROM pg_tables WHERE schemaname = current_schema()')).toEqual([])
  })

  it('that refuses the extension of the search is usable, with a warning', async () => {
    const database = await createTestDatabase()
    onTestFinished(() => database.drop())
    await database.query(
      `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'Not on the list.' USING ERRCODE = '0A000'; END$$;
       CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION refuse()`,
    )

    const run = await doctor(await fixture.configure({ DATABASE_URL: database.url }))

    expect(run).toMatchObject({
      status: 0,
      checks: {
        database: { code: 'database-without-trigrams', status: 'warning' },
        mailbox: { code: 'not-connected' },
      },
    })
  })

  it('that lacks rights names each of them', async () => {
    const database = await createTestDatabase()
    onTestFinished(() => database.drop())
    await database.query(`
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO CURRENT_USER', current_database()); END $$;
      ALTER TABLE webhooks OWNER TO CURRENT_USER; REVOKE CREATE ON SCHEMA public FROM PUBLIC, ${PRODUCT_ROLE};
      REVOKE ALL ON _prisma_migrations FROM ${PRODUCT_ROLE}`)

    const run = await doctor(await fixture.configure({ DATABASE_URL: database.url }))

    expect(run.checks.database).toMatchObject({
      code: 'database-rights-missing',
      values: { missing: expect.arrayContaining(['CREATE on the database', 'ownership of public.webhooks']) },
    })
    expect(run.checks.mailbox).toMatchObject({ code: 'database-not-usable' })
  })

  it('of another app registration is told, and its tokens stay where they are', async () => {
    await (await fixture.startProduct({ environment: { ROLE: 'api' } })).close()
    const config = await fixture.configure({ AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000000' })

    const run = await doctor(config)

    expect(run.checks).toMatchObject({
      database: { code: 'database-of-another-registration' },
      mailbox: { code: 'database-not-usable' },
      'app-registration': { status: 'failed', detail: expect.stringContaining('AADSTS700016') },
    })
  })
})

describe('the embedded database', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-doctor-'))
  })
  const embedded = () => fixture.configure({ DATABASE_URL: '', VAULT_KEYS: '', DATA_DIR: folder })

  it('is neither made nor started, and nothing that needs it fails', async () => {
    onTestFinished(() => rmSync(folder, { recursive: true }))

    const run = await doctor(await embedded())

    expect(run.status).toBe(0)
    expect(run.checks).toMatchObject({
      database: { code: 'database-not-made' },
      vault: { code: 'vault-not-made' },
      permissions: { code: 'not-connected' },
      storage: { code: 'storage-ready' },
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

it('ends in time though nothing answers, with every check that can fail', async () => {
  const nowhere = `http://127.0.0.1:${await listen(() => {})}`

  const run = await doctor(
    await fixture.configure({
      AZURE_AUTHORITY_HOST: nowhere,
      GRAPH_BASE_URL: nowhere,
      PUBLIC_URL: nowhere,
      PORT: String(await listen((socket) => socket.destroy())),
      DATABASE_URL: `postgresql://mail:secret@127.0.0.1:${await freePort()}/mail`,
      VAULT_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    }),
    200,
  )

  expect(run.status).toBe(1)
  expect(statusesOf(run, 'failed')).toEqual(['entra-reachable', 'graph-reachable', 'database', 'port'])
  expect(statusesOf(run, 'ok')).toEqual([])
})

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}
