import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { ConfigurationError } from '../../configuration/config.ts'
import { breakConnection } from '../pooled-client.ts'
import { handOver, type PostgresAccount } from './postgres-programs.ts'

export const ROLE_NAME = 'inforiver_mail'
const CONNECT_TIMEOUT_MS = 5_000
const MAX_SOCKET_PATH_BYTES = 100 // the limit is 103 on macOS and 107 on Linux
/** Only part of the socket's name: nothing listens on this port. */
const SOCKET_PORT = 5432
/** A path that `pg_ctl` can pass to a shell unquoted. */
const PLAIN_PATH = /^\/[\w./-]*$/

/** Where the server listens: on a Unix socket, or on a local TCP port on Windows. */
export interface PostgresAddress {
  /** Null for TCP. */
  readonly socketDirectory: string | null
  readonly port: number
  /** PostgreSQL runs with these settings to listen there. */
  readonly settings: Readonly<Record<string, string>>
}

/**
 * Chooses the address of a cluster's server. The socket is in the cluster's own folder, which only PostgreSQL's account
 * can enter. When that path is too long for a socket, it is in a private folder of the runtime directory.
 */
export async function chooseAddress(
  clusterDirectory: string,
  account: PostgresAccount,
  { runtimeDirectory, tcpPort }: { runtimeDirectory: string | null; tcpPort: number | null },
): Promise<PostgresAddress> {
  if (process.platform === 'win32') return tcpAddress(tcpPort ?? (await findFreePort()))
  if (fits(clusterDirectory)) return socketAddress(clusterDirectory, '.') // PostgreSQL works in that folder
  const name = `inforiver-mail-${createHash('sha256').update(clusterDirectory).digest('hex').slice(0, 16)}`
  for (const parent of [runtimeDirectory, tmpdir(), '/tmp']) {
    if (parent === null) continue
    const directory = join(parent, name)
    if (PLAIN_PATH.test(directory) && fits(directory) && (await makePrivate(directory, account)))
      return socketAddress(directory, directory)
  }
  throw new ConfigurationError(
    `The path of DATA_DIR is too long for a socket in it, and there is no folder for one in ${tmpdir()}: ${name} cannot be made there, or belongs to another account. Set DATA_DIR to a shorter path.`,
  )
}

/** Reads the address of a running server from its pid file. */
export function addressOf(
  clusterDirectory: string,
  server: { port: number; socketSetting: string | null },
): PostgresAddress {
  if (server.socketSetting === null) return tcpAddress(server.port)
  return socketAddress(resolve(clusterDirectory, server.socketSetting), server.socketSetting)
}

export function connectionString(
  { socketDirectory, port }: PostgresAddress,
  password: string,
  database: string,
): string {
  const host = encodeURIComponent(socketDirectory ?? '127.0.0.1')
  return `postgresql://${ROLE_NAME}:${password}@${host}:${port}/${database}`
}

/**
 * Logs in with SCRAM only (RFC 5802). Both sides prove that they know the password and neither sends it, so an impostor
 * on the same address learns nothing.
 */
export async function connectMutually(url: string): Promise<pg.Client> {
  const client = new MutualClient({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  client.on('error', () => {})
  await client.connect()
  if (client.isProved) return client
  await client.end()
  throw new Error(NOT_OURS)
}

const NOT_OURS = 'The server that answers is not the embedded PostgreSQL.'

/** pg uses any method that the server asks for. This client accepts SCRAM alone. */
class MutualClient extends pg.Client {
  isProved = false

  protected _handleAuthCleartextPassword(): void {
    this.refuse()
  }

  protected _handleAuthMD5Password(): void {
    this.refuse()
  }

  protected _handleAuthSASLFinal(message: unknown): void {
    const finish = Reflect.get(pg.Client.prototype, '_handleAuthSASLFinal') as (message: unknown) => void
    finish.call(this, message)
    this.isProved = true
  }

  private refuse(): void {
    breakConnection(this, new Error(NOT_OURS))
  }
}

function tcpAddress(port: number): PostgresAddress {
  return {
    socketDirectory: null,
    port,
    settings: { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' },
  }
}

function socketAddress(socketDirectory: string, setting: string): PostgresAddress {
  return {
    socketDirectory,
    port: SOCKET_PORT,
    settings: {
      port: String(SOCKET_PORT),
      listen_addresses: '',
      unix_socket_directories: setting,
      unix_socket_permissions: '0700',
    },
  }
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, `.s.PGSQL.${SOCKET_PORT}`)) <= MAX_SOCKET_PATH_BYTES
}

/**
 * Creates a folder for this account alone. Returns false when that fails, or when the folder belongs to another account,
 * which could put a socket of its own there.
 */
async function makePrivate(directory: string, account: PostgresAccount): Promise<boolean> {
  try {
    if ((await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined) await handOver(directory, account)
    const owner = account.ids?.uid ?? process.getuid?.()
    const found = await lstat(directory)
    if (!found.isDirectory() || found.uid !== owner) return false
    await chmod(directory, 0o700)
    return true
  } catch {
    return false
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return address.port
}
