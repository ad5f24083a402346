import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { announcement } from '../apps/api/src/announcement.ts'
import { ConfigurationError, readConfig, type Config } from '../apps/api/src/config.ts'
import type { Running } from '../apps/api/src/running.ts'
import { reserveDataFolder } from '../apps/api/src/database/embedded-postgres.ts'
import { serve } from '../apps/api/src/serve.ts'
import { work } from '../apps/api/src/work.ts'

const SIMULATOR = fileURLToPath(new URL('../apps/m365-simulator/src/serve.ts', import.meta.url))
const SIMULATOR_ENDS_WITHIN_MS = 3_000
/** A start that is asked to stop leaves off at its next step. A long migration is such a step; it may be cut off. */
const START_LEAVES_OFF_WITHIN_MS = 10_000
/** Supervisors kill after 30 s, many of them. */
const STOP_WITHIN_MS = 28_000

const stopping = new AbortController()
const starting = Promise.withResolvers<Running | null>()
const stop = once(async () => {
  setTimeout(leave, STOP_WITHIN_MS).unref()
  const startLeavesOff = setTimeout(leave, START_LEAVES_OFF_WITHIN_MS)
  stopping.abort()
  const running = await starting.promise
  clearTimeout(startLeavesOff)
  await running?.close().catch((error: unknown) => console.error(error))
  process.exit()
})
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(event, () => void stop())
// The parent ended before anybody listened for that.
if (process.send !== undefined && !process.connected) void stop()

try {
  const running = await start(stopping.signal)
  starting.resolve(running)
} catch (error) {
  // What was asked to stop has not failed.
  starting.resolve(null)
  if (!stopping.signal.aborted) fail(error)
}

async function start(signal: AbortSignal): Promise<Running> {
  const config = readConfig()
  if (config.demo) await reserveDataFolder(config.dataDirectory) // the simulator writes there too
  const simulator = config.demo ? await startSimulator(config, config.demo.simulatorPort, signal) : null
  try {
    const product = await (config.role === 'worker' ? work : serve)(config, onFatal, signal)
    console.log(`\n${announcement(config)}\n`)
    return {
      async close() {
        try {
          await product.close()
        } finally {
          await simulator?.close()
        }
      },
    }
  } catch (error) {
    await simulator?.close()
    throw error
  }
}

function fail(error: unknown): never {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exit(1)
}

function onFatal(error: unknown): void {
  if (stopping.signal.aborted) return
  console.error(error instanceof ConfigurationError ? error.message : error)
  process.exitCode = 1
  void stop()
}

function leave(): void {
  console.error('Not everything ended in time: it is left as it is. The next start goes on from there.')
  process.exit()
}

/** The simulator is a process of its own, as Microsoft is; of our environment it gets nothing. */
async function startSimulator(config: Config, port: number, signal: AbortSignal): Promise<Running> {
  const { PATH = '', TZ = 'UTC' } = process.env
  const child = fork(SIMULATOR, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { PATH, TZ },
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

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => (running ??= action())
}
