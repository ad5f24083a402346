import { fork } from 'node:child_process'
import { ConfigurationError, type Config } from '../../apps/api/src/config.ts'
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

/** Starts the simulator in a process of its own, as Microsoft is; it inherits nothing of the product's environment. */
export async function startSimulator(config: Config, { program, port, onFatal, signal }: Options): Promise<Running> {
  const { PATH = '', TZ = 'UTC', NODE_COMPILE_CACHE = '' } = process.env
  const child = fork(program, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { PATH, TZ, NODE_COMPILE_CACHE },
    // In a terminal Ctrl+C would end it before the deliveries that are under way. On Windows that would open a window.
    detached: process.platform !== 'win32',
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const options = {
    port,
    registration: { ...config.registration, displayName: 'Inforiver Mail', redirectUris: [config.redirectUri] },
    dataDirectory: `${config.dataDirectory}/simulator`,
  }
  const end = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  const answer = await new Promise<{ ready?: true; failed?: string }>((resolve) => {
    child.once('message', resolve)
    void exited.then(() => resolve({ failed: 'The simulator ended before it was ready.' }))
    child.send(options, () => {}) // where it has ended, that says so
    if (signal.aborted) end()
  })
  signal.removeEventListener('abort', end)
  if (answer.failed !== undefined) throw new ConfigurationError(answer.failed)
  let closing = false
  void exited.then(() => (closing ? undefined : onFatal(new ConfigurationError('The simulator ended by itself.'))))
  return {
    async close() {
      closing = true
      const kill = setTimeout(() => child.kill('SIGKILL'), SIMULATOR_ENDS_WITHIN_MS)
      end()
      await exited
      clearTimeout(kill)
    },
  }
}
