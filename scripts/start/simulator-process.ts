import { fork, type ForkOptions } from 'node:child_process'
import { ConfigurationError, type Config } from '../../apps/api/src/configuration/config.ts'
import type { Running } from '../../apps/api/src/running.ts'

const SIMULATOR_ENDS_WITHIN_MS = 3_000

interface Options {
  /** The simulator's program, `serve.ts` or what was made of it. */
  readonly program: URL
  readonly port: number
  /** Called when the simulator ends without being closed. */
  readonly onFatal: (error: unknown) => void
  /** Abandons the start. */
  readonly signal: AbortSignal
}

/** Runs the simulator of the demo. */
export async function startSimulator(config: Config, { program, port, onFatal, signal }: Options): Promise<Running> {
  const { exited, end } = await forkSimulator(program, simulatorOptions(config, port), {
    signal,
    // In a terminal Ctrl+C would end it before the deliveries that are under way. On Windows that would open a window.
    detached: process.platform !== 'win32',
  })
  let closing = false
  void exited.then(() => (closing ? undefined : onFatal(new ConfigurationError('The simulator ended by itself.'))))
  return {
    async close() {
      closing = true
      const kill = setTimeout(() => end('SIGKILL'), SIMULATOR_ENDS_WITHIN_MS)
      end()
      await exited
      clearTimeout(kill)
    },
  }
}

/** Starts the simulator in a process of its own, as Microsoft is; it inherits nothing of the product's environment. */
export async function forkSimulator(program: URL, options: object, { signal, detached }: ForkOptions) {
  const { PATH = '', TZ = 'UTC', NODE_COMPILE_CACHE = '' } = process.env
  const child = fork(program, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { PATH, TZ, NODE_COMPILE_CACHE },
    detached,
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = (how: NodeJS.Signals = 'SIGTERM') => void child.kill(how)
  const abandon = () => end()
  signal?.addEventListener('abort', abandon, { once: true })
  const answer = await new Promise<{ url?: string; failed?: string }>((resolve) => {
    child.once('message', resolve)
    void exited.then(() => resolve({ failed: 'The simulator ended before it was ready.' }))
    child.send(options, () => {}) // where it has ended, that says so
    if (signal?.aborted) end()
  })
  signal?.removeEventListener('abort', abandon)
  if (answer.url === undefined) throw new ConfigurationError(answer.failed ?? 'The simulator did not say where it is.')
  return { url: answer.url, exited, end }
}

export function simulatorOptions({ registration, redirectUri, dataDirectory }: Config, port: number) {
  return {
    port,
    registration: { ...registration, displayName: 'Inforiver Mail', redirectUris: [redirectUri] },
    dataDirectory: `${dataDirectory}/simulator`,
  }
}
