import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { freePort } from './database-server.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

/** A product that was started like from a shell, with all its processes. */
export interface StartedProduct {
  readonly port: number
  /** Waits until a file exists in the data folder. */
  untilFile(path: string): Promise<void>
  /** Waits for a process whose command line contains a text. */
  untilProcess(command: string): Promise<void>
  untilReady(): Promise<void>
  /** Sends a signal to the first process alone. */
  signal(signal: NodeJS.Signals): void
  /** Settles when the first process ends. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** The command lines of all processes that are still running. */
  processes(): Promise<string[]>
}

export async function startFromTheShell(
  command: readonly [string, ...string[]],
  environment: Record<string, string> = {},
  { output = 'ignore' }: { output?: 'ignore' | number } = {},
): Promise<StartedProduct> {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-started-'))
  const port = await freePort()
  const mark = `/no-such-folder/${randomUUID()}` // inherited by every process but PostgreSQL, which has its folder in the command line
  const [program, ...parameters] = command
  const before = new Set(await pids()) // reading the environment of every process takes longer than the product does
  const child = spawn(program, parameters, {
    cwd: ROOT,
    env: {
      PATH: `${process.env['PATH'] ?? ''}:${mark}`,
      HOME: process.env['HOME'] ?? '',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '', // its modules load in half the time
      LOG_LEVEL: 'silent',
      DATA_DIR: directory,
      PORT: String(port),
      ...environment,
    },
    stdio: ['ignore', output, output],
    detached: true,
  })
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  const running = () =>
    findProcesses(
      (process) => process.environment.includes(mark) || process.command.includes(directory),
      (pid) => !before.has(pid),
    )
  onTestFinished(async () => {
    for (const { pid } of await running()) kill(pid)
    await expect.poll(running).toEqual([])
    // A process that was killed may still be writing when it is found no more.
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const processes = async () => (await running()).map((process) => process.command)
  return {
    port,
    untilFile: (path) => expect.poll(() => existsSync(join(directory, path)), { interval: 5 }).toBe(true),
    untilProcess: (part) =>
      expect.poll(async () => (await processes()).some((line) => line.includes(part)), { interval: 50 }).toBe(true),
    async untilReady() {
      const status = () =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          (answer) => answer.status,
          () => null,
        )
      await expect.poll(status, { interval: 50 }).toBe(200)
    },
    signal: (signal) => void child.kill(signal),
    ended,
    processes,
  }
}

interface Found {
  readonly pid: number
  readonly command: string
  readonly environment: string
}

async function pids(): Promise<number[]> {
  return (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid))
}

async function findProcesses(matches: (process: Found) => boolean, among: (pid: number) => boolean): Promise<Found[]> {
  const found = await Promise.all((await pids()).filter(among).map(readProcess))
  return found.filter((process) => process !== null).filter(matches)
}

/** Returns null when the process has ended. */
async function readProcess(pid: number): Promise<Found | null> {
  try {
    const [command = '', environment = ''] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    )
    return command === '' ? null : { pid, command: command.replaceAll('\0', ' '), environment }
  } catch {
    return null
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
