import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { choosePostgresAccount, handOver } from '../database/postgres-account.ts'
import { findBinaries, runProgram } from '../database/postgres-programs.ts'
import { freePort } from './database-server.ts'

export interface ReleasedDataFolder {
  /** Connects as version 1.0.0 did: as the superuser, over TCP. */
  connect(database?: string): Promise<pg.Client>
  stop(): Promise<void>
}

const TIMEOUT = { timeoutMs: 60_000 }

/** Creates a data folder as version 1.0.0 did, and starts its server: its only role is the superuser, reached over TCP. */
export async function makeReleasedDataFolder(dataDirectory: string): Promise<ReleasedDataFolder> {
  const directory = join(dataDirectory, 'postgres')
  const passwordFile = join(dataDirectory, 'postgres-password')
  const programs = await programsFor(directory)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 })
  for (const path of [directory, passwordFile]) await handOver(path, programs.account)
  const parameters = [`--pgdata=${directory}`, '--username=inforiver_mail', `--pwfile=${passwordFile}`]
  await runProgram(programs, 'initdb', [...parameters, '--auth=scram-sha-256', '--locale=C', '--no-sync'], TIMEOUT)
  const server = await startReleasedDataFolder(dataDirectory)
  const first = await server.connect('postgres')
  await first.query('CREATE DATABASE inforiver_mail')
  await first.end()
  return server
}

/** Starts the server of such a folder, or of a copy of one. */
export async function startReleasedDataFolder(dataDirectory: string): Promise<ReleasedDataFolder> {
  const directory = join(dataDirectory, 'postgres')
  const password = await readFile(join(dataDirectory, 'postgres-password'), 'utf8')
  const programs = await programsFor(directory)
  const port = await freePort()
  const settings = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c logging_collector=on`
  const pgCtl = (...command: string[]) =>
    runProgram(programs, 'pg_ctl', [...command, '--silent', '--wait', `--pgdata=${directory}`], TIMEOUT)
  await pgCtl('start', `--log=${join(directory, 'start.log')}`, `--options=${settings}`)
  return {
    async connect(database = 'inforiver_mail') {
      const client = new pg.Client({
        connectionString: `postgresql://inforiver_mail:${password}@127.0.0.1:${port}/${database}`,
      })
      client.on('error', () => {})
      await client.connect()
      return client
    },
    async stop() {
      await pgCtl('stop', '--mode=fast')
    },
  }
}

async function programsFor(directory: string) {
  const binaries = await findBinaries()
  return { binaries, account: await choosePostgresAccount(directory, binaries.postgres) }
}
