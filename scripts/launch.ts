// Runs for npm start: the product in one process and, in the demo, the simulator in another. It stops both
// in order on a signal, or when its parent is gone.
import { announcement } from '../apps/api/src/announcement.ts'
import { ConfigurationError, readConfig } from '../apps/api/src/config.ts'
import type { Running } from '../apps/api/src/running.ts'
import { reserveDataFolder } from '../apps/api/src/database/embedded-postgres.ts'
import { serve } from '../apps/api/src/serve.ts'
import { work } from '../apps/api/src/work.ts'
import { startSimulator } from './simulator-process.ts'

/** A start that is asked to stop gives up at its next step. A long migration is one step, and may be cut off. */
const START_ABANDONED_WITHIN_MS = 10_000
/** Many supervisors kill after 30 s. */
const STOP_WITHIN_MS = 28_000

/** Started by `npm run dev`, which keeps one simulator for many restarts and prints its own announcement. */
const isUnderWatch = process.argv.includes('--under-watch')
const stopping = new AbortController()
const starting = Promise.withResolvers<Running | null>()
const stop = once(async () => {
  setTimeout(exitNow, STOP_WITHIN_MS).unref()
  const abandonStart = setTimeout(exitNow, START_ABANDONED_WITHIN_MS)
  stopping.abort()
  const running = await starting.promise
  clearTimeout(abandonStart)
  await running?.close().catch((error: unknown) => console.error(error))
  process.exit()
})
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(event, () => void stop())
// The parent ended before the listener above was there.
if (process.send !== undefined && !process.connected) void stop()

try {
  const running = await start(stopping.signal)
  starting.resolve(running)
} catch (error) {
  // A start that was asked to stop has not failed.
  starting.resolve(null)
  if (!stopping.signal.aborted) fail(error)
}

async function start(signal: AbortSignal): Promise<Running> {
  const config = readConfig()
  if (config.demo) await reserveDataFolder(config.dataDirectory) // the simulator writes there too
  const simulator =
    config.demo && !isUnderWatch ? await startSimulator(config, config.demo.simulatorPort, { onFatal, signal }) : null
  try {
    const product = await (config.role === 'worker' ? work : serve)(config, onFatal, signal)
    process.send?.('ready')
    if (!isUnderWatch) console.log(`\n${announcement(config)}\n`)
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

function exitNow(): void {
  console.error('Not everything ended in time: it is left as it is. The next start goes on from there.')
  process.exit()
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => (running ??= action())
}
