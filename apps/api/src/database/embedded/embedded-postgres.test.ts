import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../configuration/config.ts'
import { folderFaultOf } from './data-folder.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts'
import { choosePostgresAccount, findBinaries, runProgram } from './postgres-programs.ts'
import { connectMutually } from './postgres-address.ts'
import { useFolder } from '../../test-support/use-created.ts'

const RUN_EMBEDDED = fileURLToPath(new URL('../../test-support/run-embedded-postgres.ts', import.meta.url))

const hasSockets = process.platform !== 'win32'
const ROLE = `SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
  (SELECT count(*)::int FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships
  FROM pg_roles WHERE rolname = current_user`
const ORDINARY_ROLE = {
  rolsuper: false,
  rolcreatedb: false,
  rolcreaterole: false,
  rolreplication: false,
  rolbypassrls: false,
  memberships: 0,
}
const OWNED = `SELECT datname AS owned FROM pg_database WHERE pg_get_userbyid(datdba) = current_user
  UNION ALL SELECT spcname FROM pg_tablespace WHERE pg_get_userbyid(spcowner) = current_user`
const directory = useFolder()
const dataDirectory = join(directory, 'data')
let running: EmbeddedPostgres | null = null
let restarts = 0
let lost: unknown = null

afterEach(async () => {
  await running?.stop()
  running = null
})

async function start(
  where = dataDirectory,
  options: Pick<EmbeddedPostgresOptions, 'betweenAttemptsMs'> = {},
): Promise<EmbeddedPostgres> {
  restarts = 0
  return startEmbeddedPostgres({
    dataDirectory: where,
    onRestart: () => (restarts += 1),
    onLost: (error) => (lost = error),
    ...options,
  })
}

/** Copies a data folder whose server is stopped, with the accounts that own its files: creating one takes a second. */
async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await promisify(execFile)('cp', ['-a', from, to])
}

/** Makes a data folder in which a product ran and was stopped. */
async function makeUsedFolder(where: string): Promise<void> {
  if (!existsSync(join(dataDirectory, 'postgres'))) await (await start()).stop()
  await copyFolder(dataDirectory, where)
}

async function query({ connectionString }: EmbeddedPostgres, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

async function readAuthenticationMethods(where: string): Promise<Set<string | undefined>> {
  const lines = (await readFile(join(where, 'postgres', 'pg_hba.conf'), 'utf8')).split('\n')
  return new Set(lines.filter((line) => /^(local|host)/.test(line)).map((line) => line.trim().split(/\s+/).at(-1)))
}

/** Reads the process id of the server from its pid file. */
async function postmaster(where = dataDirectory): Promise<number> {
  return Number((await readFile(join(where, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function environmentOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/environ`, 'utf8').catch(async () => {
    const { stdout } = await promisify(execFile)('ps', ['eww', String(pid)])
    return stdout
  })
}

describe('while it runs', () => {
  let server: EmbeddedPostgres

  beforeAll(async () => {
    process.env['AZURE_CLIENT_SECRET'] = 'the-value-of-the-secret'
    server = await start()
    delete process.env['AZURE_CLIENT_SECRET']
  })
  afterAll(() => server.stop())

  it.runIf(hasSockets)('listens on a socket in a folder that only its account can enter', async () => {
    const folder = decodeURIComponent(new URL(server.connectionString).hostname)
    expect((await stat(folder)).mode & 0o077).toBe(0)
    expect((await stat(join(folder, '.s.PGSQL.5432'))).isSocket()).toBe(true)
  })

  it('requires a random password, by SCRAM only', async () => {
    const url = new URL(server.connectionString)
    expect(url.password).toMatch(/^[0-9a-f]{48}$/)
    expect(await query(server, 'SHOW listen_addresses')).toEqual([{ listen_addresses: hasSockets ? '' : '127.0.0.1' }])
    expect(await readAuthenticationMethods(dataDirectory)).toEqual(new Set(['scram-sha-256']))
  })

  it('gives the product a role that is no superuser and owns its database only', async () => {
    expect(await query(server, ROLE)).toEqual([ORDINARY_ROLE])
    expect(await query(server, OWNED)).toEqual([{ owned: 'inforiver_mail' }])
  })

  it.each([
    ['another password', { password: 'guess' }],
    ['the name of the superuser', { username: 'inforiver_mail_bootstrap' }],
  ])('lets nobody log in with %s', async (_what, change) => {
    const client = new pg.Client({ connectionString: Object.assign(new URL(server.connectionString), change).href })
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' })
  })

  it('keeps folder and password private to its account', async () => {
    expect((await stat(dataDirectory)).mode & 0o077).toBe(0)
    expect((await stat(join(dataDirectory, 'postgres-password'))).mode & 0o077).toBe(0)
  })

  it('is durable, with page checksums', async () => {
    const names = ['data_checksums', 'fsync', 'full_page_writes', 'synchronous_commit']
    const rows = await query(
      server,
      `SELECT name, setting FROM pg_settings WHERE name IN (${names.map((name) => `'${name}'`).join()}) ORDER BY name`,
    )

    expect(rows).toEqual(names.map((name) => ({ name, setting: 'on' })))
  })

  it('has none of the environment of the product', async () => {
    const environment = await environmentOf(await postmaster())

    expect(environment).toContain('LC_ALL')
    expect(environment).not.toContain('the-value-of-the-secret')
  })

  it('refuses a second process on the same folder, in one sentence', async () => {
    await expect(start()).rejects.toThrow(
      new ConfigurationError(
        'Another Inforiver Mail is already running on this data folder. Stop it first, or set DATA_DIR to another folder.',
      ),
    )
    expect(await query(server, 'SELECT 1 AS value')).toEqual([{ value: 1 }])
  })
})

it('leaves no process when it is stopped, and keeps its data', async () => {
  const first = await start()
  await query(first, 'CREATE TABLE kept AS SELECT 1 AS value')
  const pid = await postmaster()
  await first.stop()
  await expect.poll(() => isAlive(pid)).toBe(false)

  running = await start()

  expect(await query(running, 'SELECT value FROM kept')).toEqual([{ value: 1 }])
})

it('is restarted at the same address when it is killed in use', async () => {
  running = await start()
  const { connectionString } = running

  process.kill(await postmaster(), 'SIGKILL')

  await expect
    .poll(() => query({ ...(running as EmbeddedPostgres), connectionString }, 'SELECT 1 AS value').catch(() => null), {
      interval: 200,
    })
    .toEqual([{ value: 1 }])
  expect(restarts).toBe(1)
})

it('adopts the server of a killed process', async () => {
  const owner = spawn(process.execPath, [RUN_EMBEDDED, dataDirectory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed = await new Promise<string>((resolve) =>
    owner.stdout.once('data', (data) => resolve(String(data).trim())),
  )
  const pid = await postmaster()
  await kill(owner)

  running = await start() // at once, as a supervisor would

  expect(running.connectionString).toBe(printed)
  expect(await postmaster()).toBe(pid)
})

/** A process holds its locks until it has ended, which takes a moment on a busy machine. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Starts PostgreSQL in another process, which runs until it is killed, or exits with a message. */
function runEmbedded(where: string, prefix: readonly string[] = []) {
  const [program, ...parameters] = [...prefix, process.execPath, '--no-warnings', RUN_EMBEDDED, where]
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (data: Buffer) => (said += data.toString()))
  const ready = once(child.stdout, 'data').then(() => 'ready' as const)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said: said.trim() }))
  return { child, ended, outcome: Promise.race([ready, ended]) }
}

/** Lists the processes with this path among their arguments. */
async function processesOf(where: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'args='])
  return stdout.split('\n').filter((line) => line.includes(where) && !line.includes('defunct'))
}

/** PostgreSQL deletes its pid file, by which its end is known, just before its process ends. */
async function expectNothingRunning(where: string): Promise<void> {
  await expect.poll(() => processesOf(where)).toEqual([])
}

it('refuses a data folder of version 1.0.0, whose role is the superuser', async () => {
  const where = join(directory, 'of-1-0-0')
  await makeUsedFolder(where)
  const folder = join(where, 'postgres')
  const binaries = await findBinaries()
  const programs = { binaries, account: await choosePostgresAccount(folder, binaries.postgres) }
  const input = 'ALTER ROLE inforiver_mail SUPERUSER\n'
  await runProgram(programs, 'postgres', ['--single', '-D', folder, 'postgres'], { timeoutMs: 60_000, input })

  await expect(start(where)).rejects.toThrow(`The data folder ${where} holds data from before version 1.5.0`)

  await expectNothingRunning(where)
})

it('never reveals the password to another server on the recorded port of a killed one', async () => {
  const where = join(directory, 'foreign')
  await makeUsedFolder(where)
  const password = await readFile(join(where, 'postgres-password'), 'utf8')
  let heard = ''
  const foreign = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      heard += data.toString('latin1')
      socket.write(Buffer.from('520000000800000003', 'hex')) // "send the password as it is"
    })
  })
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
  const { port } = foreign.address() as AddressInfo
  const url = `postgresql://inforiver_mail:${password}@127.0.0.1:${port}/postgres`
  await writeFile(join(where, 'postgres', 'postmaster.pid'), pidFileOf(where, port))

  running = await start(where)

  expect(await query(running, 'SELECT 1 AS value')).toEqual([{ value: 1 }])
  // A connection over TCP, as on Windows, refuses as well.
  await expect(connectMutually(url)).rejects.toThrow('The server that answers is not the embedded PostgreSQL.')
  expect(heard).toContain('inforiver_mail')
  expect(heard).not.toContain(password)
  await new Promise((resolve) => foreign.close(resolve))
})

/** The pid file of a killed server on TCP, whose process id another program has by now. */
function pidFileOf(where: string, port: number, pid = process.ppid): string {
  return [pid, join(where, 'postgres'), 1_700_000_000, port, '', '127.0.0.1', '', 'ready   ', ''].join('\n')
}

it.each([
  ['a power cut left an empty pid file', () => ''],
  [
    'another program has the process id of a killed server by now',
    (where: string, pid = 0) => pidFileOf(where, 5432, pid),
  ],
])('starts although %s, and leaves that program alone', async (_what, left) => {
  const where = join(directory, 'stale')
  await makeUsedFolder(where)
  const other = spawn('sleep', ['1000'])
  const content = left(where, other.pid)
  await writeFile(join(where, 'postgres', 'postmaster.pid'), content)
  if (content !== '') await writeFile(join(where, 'postgres', '.s.PGSQL.5432.lock'), content)

  running = await start(where)

  expect(await query(running, 'SELECT 1 AS value')).toEqual([{ value: 1 }])
  expect(other.exitCode).toBe(null)
  other.kill()
})

describe('a lost password', () => {
  const passwordFile = () => join(dataDirectory, 'postgres-password')

  beforeAll(async () => {
    const server = await start()
    await query(server, 'CREATE TABLE messages AS SELECT 2 AS value')
    await server.stop()
  })

  it.each([
    ['empty', () => writeFile(passwordFile(), '')],
    ['full of zeros', () => writeFile(passwordFile(), Buffer.alloc(48))],
    ['missing', () => rm(passwordFile())],
  ])('is replaced when its file is %s, and the data are kept', async (_name, lose) => {
    await lose()

    running = await start()

    expect(new URL(running.connectionString).password).toBe(await readFile(passwordFile(), 'utf8'))
    expect(await query(running, 'SELECT value FROM messages')).toEqual([{ value: 2 }])
  })
})

describe('a disk that cannot be used is named with its cause, and nothing is left running', async () => {
  const namespace = await findMountNamespace()
  const where = () => join(directory, 'disk')

  /** Starts on a file system of its own, if this system permits mounts. Otherwise it only checks how messages are read. */
  async function startOn(mount: string, programSays: string, dataDirectory = where()): Promise<string> {
    if (namespace === null) return folderFaultOf(new Error(programSays), dataDirectory)?.message ?? ''
    await mkdir(where(), { recursive: true })
    const script = `d=$1; shift; ${mount} && exec "$@"`
    const { outcome } = runEmbedded(dataDirectory, [...namespace, 'sh', '-c', script, 'sh', where()])
    const ended = await outcome
    await expectNothingRunning(where())
    if (ended === 'ready') throw new Error('It became ready.')
    expect(ended.code).toBe(1)
    return ended.said
  }

  it.each([8, 40])('when it has %i MB at the first start', async (size) => {
    expect(
      await startOn(`mount -t tmpfs -o size=${size}m none "$d"`, 'initdb: error: x: No space left on device'),
    ).toMatch(
      new RegExp(
        `^The disk of the data folder ${where()} is (full|too small: it has ${size} MB free, and a new database takes 100 MB.*)\\.$`,
      ),
    )
  })

  it.each([
    ['is empty and read-only', 'mount -t tmpfs -o ro none "$d"', ''],
    ['is read-only and does not contain the folder yet', 'mount -t tmpfs -o ro none "$d"', 'not/there'],
    ['has data and became read-only', 'mount --bind "$d" "$d" && mount -o remount,bind,ro "$d"', ''],
  ])('when it %s', async (what, mount, below) => {
    if (what.startsWith('has data')) await makeUsedFolder(where())
    const folder = join(where(), below)

    expect(await startOn(mount, 'could not create file: Read-only file system', folder)).toBe(
      `The data folder ${folder} cannot be written (EROFS): its disk is read-only. Mount the disk for writing, or set DATA_DIR to another folder.`,
    )
  })
})

/** Finds a command that gives a process mounts of its own. Often everybody may have them, in a user namespace. */
async function findMountNamespace(): Promise<string[] | null> {
  const commands = [
    ['unshare', '--mount'],
    ['unshare', '--user', '--map-root-user', '--mount'],
  ]
  for (const command of commands) {
    const [program, ...parameters] = [...command, 'mount', '-t', 'tmpfs', 'none', tmpdir()]
    const works = await promisify(execFile)(program, parameters).then(
      () => true,
      () => false,
    )
    if (works) return command
  }
  return null
}

it('refuses a folder that it may not write, in one sentence', async () => {
  const refusal = await start('/sys/inforiver-mail').catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(ConfigurationError)
  expect((refusal as Error).message).toMatch(
    /^The data folder \/sys\/inforiver-mail cannot be written \(E\w+\)\. Give this account the right to write there, or set DATA_DIR to another folder\.$/,
  )
})

it('gives up on a server that cannot be restarted, names its log, and can still be stopped', async () => {
  const damaged = join(directory, 'damaged')
  await makeUsedFolder(damaged)
  const server = await start(damaged, { betweenAttemptsMs: 0 })
  await rm(join(damaged, 'postgres', 'global', 'pg_control'))
  process.kill(await postmaster(damaged), 'SIGKILL')
  await expect.poll(() => lost).toBeInstanceOf(ConfigurationError)

  expect((lost as Error).message).toContain(`Its own words are in ${join(damaged, 'postgres', 'start.log')}`)
  await expect(server.stop()).resolves.toBeUndefined()
})
