import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { choosePostgresAccount, handOver, type Binaries } from '../database/embedded/postgres-programs.ts'

// Runs a PostgreSQL for tests in a process group of its own: it creates a cluster, starts its server, and prints the
// address. When its standard input ends, because the tests have ended or their process was killed, it stops the server and
// removes the folder. A signal that ends the tests does not reach it.

/** What is run, and how. */
export interface ServerPlan {
  readonly binaries: Binaries
  /** Parameters of initdb. */
  readonly initdb: readonly string[]
  readonly host: string
  readonly port: number
  readonly maxConnections: number
}

const run = promisify(execFile)
/** The path of a socket has at most 103 characters on macOS, and 107 on Linux. */
const MAX_SOCKET_DIRECTORY_LENGTH = 103 - '/.s.PGSQL.65535'.length
/** A locale of this environment may be missing on this machine. */
const ENVIRONMENT = { ...process.env, LC_ALL: 'C' }

const { binaries, initdb, host, port, maxConnections } = JSON.parse(process.argv[2] ?? '') as ServerPlan
const ended = once(process.stdin.resume(), 'end').catch(() => {})
process.stdout.on('error', () => {}) // nobody reads it any more

const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-postgres-'))
try {
  const account = await choosePostgresAccount(join(directory, 'none'), binaries.postgres)
  await chmod(directory, 0o755)
  await handOver(directory, account)
  const data = `--pgdata=${join(directory, 'data')}`
  const call = async (program: keyof Binaries, ...parameters: string[]) => {
    const [first = '', ...rest] = [...account.prefix, binaries[program], ...parameters]
    await run(first, rest, { cwd: '/', env: ENVIRONMENT, ...account.ids })
  }

  const locale = ['--encoding=UTF8', '--locale=C'] // every machine has it
  await call('initdb', data, '--username=tester', '--auth=trust', '--no-sync', ...locale, ...initdb)

  // A statement through a socket takes half of what TCP takes. Links in between need TCP, on the same port.
  const hasSocket = process.platform !== 'win32' && directory.length <= MAX_SOCKET_DIRECTORY_LENGTH
  const options = `-c port=${port} -c max_connections=${maxConnections} -c listen_addresses=${host} -c unix_socket_directories='${hasSocket ? directory : ''}'`
  const log = `--log=${join(directory, 'data', 'log')}`
  await call('pg_ctl', 'start', '--wait', '--silent', data, log, `--options=${options}`)
  try {
    console.log(`postgresql://tester@${hasSocket ? encodeURIComponent(directory) : host}:${port}/postgres`)
    await ended
  } finally {
    await call('pg_ctl', 'stop', '--mode=immediate', '--wait', '--silent', data)
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
