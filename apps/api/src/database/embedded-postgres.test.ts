import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../config.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts'

const RUN_EMBEDDED = fileURLToPath(new URL('../test-support/run-embedded-postgres.ts', import.meta.url))

let directory: string
let dataDirectory: string
let running: EmbeddedPostgres | null = null
let restarts = 0
let lost: unknown = null

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-embedded-'))
  dataDirectory = join(directory, 'data')
})
afterAll(() => rm(directory, { recursive: true, force: true }))
afterEach(async () => {
  await running?.stop()
  running = null
})

async function start(where = dataDirectory): Promise<EmbeddedPostgres> {
  restarts = 0
  return startEmbeddedPostgres({
    dataDirectory: where,
    onRestart: () => (restarts += 1),
    onLost: (error) => (lost = error),
  })
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

/** The postmaster, by the file that PostgreSQL keeps. */
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

describe('a running one', () => {
  let server: EmbeddedPostgres

  beforeAll(async () => {
    process.env['AZURE_CLIENT_SECRET'] = 'the-value-of-the-secret'
    server = await start()
    delete process.env['AZURE_CLIENT_SECRET']
  })
  afterAll(() => server.stop())

  it('listens on loopback only, and has a password that it made up', async () => {
    const url = new URL(server.connectionString)
    expect(url.hostname).toBe('127.0.0.1')
    expect(url.password).toMatch(/^[0-9a-f]{48}$/)
    expect(await query(server, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    const wrong = new pg.Client({ connectionString: server.connectionString.replace(url.password, 'guess') })
    await expect(wrong.connect()).rejects.toMatchObject({ code: '28P01' })
  })

  it('keeps folder and password to its own account', async () => {
    expect((await stat(dataDirectory)).mode & 0o077).toBe(0)
    expect((await stat(join(dataDirectory, 'postgres-password'))).mode & 0o077).toBe(0)
  })

  it('is durable, and detects damaged pages', async () => {
    const names = ['data_checksums', 'fsync', 'full_page_writes', 'synchronous_commit']
    const rows = await query(
      server,
      `SELECT name, setting FROM pg_settings WHERE name IN (${names.map((name) => `'${name}'`).join()}) ORDER BY name`,
    )

    expect(rows).toEqual(names.map((name) => ({ name, setting: 'on' })))
  })

  it('has nothing of our environment', async () => {
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

it('keeps its data over a restart', async () => {
  const first = await start()
  await query(first, 'CREATE TABLE kept AS SELECT 1 AS value')
  await first.stop()

  running = await start()

  expect(await query(running, 'SELECT value FROM kept')).toEqual([{ value: 1 }])
})

it('leaves no process when it is stopped', async () => {
  const server = await start()
  const pid = await postmaster()

  await server.stop()

  await expect.poll(() => isAlive(pid)).toBe(false)
})

it('is started again on the same port when it is killed while in use', async () => {
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

it('leaves no process when it is stopped just after it was killed', async () => {
  const server = await start()
  const killed = await postmaster()
  process.kill(killed, 'SIGKILL')
  await expect.poll(() => restarts).toBe(1)

  await server.stop()

  await expect(postmaster()).rejects.toThrow('ENOENT')
})

it('takes over the server of a process that was killed', async () => {
  const owner = spawn(process.execPath, [RUN_EMBEDDED, dataDirectory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed = await new Promise<string>((resolve) =>
    owner.stdout.once('data', (data) => resolve(String(data).trim())),
  )
  const pid = await postmaster()
  owner.kill('SIGKILL')

  running = await start() // at once, as a supervisor would

  expect(running.connectionString).toBe(printed)
  expect(await postmaster()).toBe(pid)
})

it('starts cleanly after the server and its owner were killed', async () => {
  const owner = spawn(process.execPath, [RUN_EMBEDDED, dataDirectory], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => owner.stdout.once('data', resolve))
  const pid = await postmaster()
  owner.kill('SIGKILL')
  process.kill(pid, 'SIGKILL')

  running = await start()

  expect(await query(running, 'SELECT 1 AS value')).toEqual([{ value: 1 }])
})

it('begins again where making the database was broken off', async () => {
  const interrupted = join(directory, 'interrupted')
  await mkdir(join(interrupted, 'postgres.new', 'cluster', 'base'), { recursive: true })
  await writeFile(join(interrupted, 'postgres.new', 'cluster', 'PG_VERSION'), '18\n')

  running = await start(interrupted)

  expect(await query(running, 'SELECT 1 AS value')).toEqual([{ value: 1 }])
  await expect(stat(join(interrupted, 'postgres.new'))).rejects.toThrow('ENOENT')
})

it('refuses a folder that it may not write, in one sentence', async () => {
  const refusal = await start('/sys/inforiver-mail').catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(ConfigurationError)
  expect((refusal as Error).message).toMatch(
    /^The data folder \/sys\/inforiver-mail cannot be written \(E\w+\)\. Give this account the right to write there, or set DATA_DIR to another folder\.$/,
  )
})

it('refuses a file in place of a folder, in one sentence', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')

  await expect(start(file)).rejects.toThrow(new ConfigurationError(`DATA_DIR names ${file}, which is not a folder.`))
  await expect(start(join(file, 'below'))).rejects.toThrow(ConfigurationError)
})

it('gives up on a server that does not start again, says where its own words are, and stops all the same', async () => {
  const damaged = join(directory, 'damaged')
  const server = await start(damaged)
  await rm(join(damaged, 'postgres', 'global', 'pg_control'))
  process.kill(await postmaster(damaged), 'SIGKILL')
  await expect.poll(() => lost).toBeInstanceOf(ConfigurationError)

  expect((lost as Error).message).toContain(`Its own words are in ${join(damaged, 'postgres', 'start.log')}`)
  await expect(server.stop()).resolves.toBeUndefined()
})
