import { announcement } from '../../apps/api/src/announcement.ts'
import { ConfigurationError, type Config, type RereadSecrets } from '../../apps/api/src/configuration/config.ts'
import type { RunningProduct } from '../../apps/api/src/running.ts'
import { reserveDataFolder } from '../../apps/api/src/database/embedded/embedded-postgres.ts'
import { serve } from '../../apps/api/src/serve.ts'
import { work } from '../../apps/api/src/work.ts'
import { startSimulator } from './simulator-process.ts'

/** A start that is asked to stop gives up at its next step. A long migration is one step, and may be cut off. */
const START_ABANDONED_WITHIN_MS = 10_000
/** Many supervisors kill after 30 s. */
const STOP_WITHIN_MS = 28_000

interface Options {
  /** Called once the process can be asked to stop. */
  readonly readConfig: () => Config
  /**
   * Reads certificate and keys again on SIGHUP, once the product is ready. Before that, and without this, the signal stops
   * the product, like any other.
   */
  readonly rereadSecrets?: () => RereadSecrets
  /** The program of the simulator; null when somebody else runs it. */
  readonly simulator: URL | null
  /** Whether to say where to go. */
  readonly announces: boolean
  /** False when another process serves the page. */
  readonly servesPage?: boolean
}

/**
 * Runs the product in this process and, in the demo, the simulator at its side. It stops both in order on a signal, or
 * when its parent is gone, and then ends the process.
 *
 * @throws {ConfigurationError} when the operator has to change something
 */
export async function runProduct(options: Options): Promise<void> {
  const { readConfig, rereadSecrets, simulator: program, announces, servesPage } = options
  const stopping = new AbortController()
  const starting = Promise.withResolvers<RunningProduct | null>()
  let isReloadWanted = false
  const stop = once(async () => {
    setTimeout(exitNow, STOP_WITHIN_MS).unref()
    const abandonStart = setTimeout(exitNow, START_ABANDONED_WITHIN_MS)
    stopping.abort()
    const running = await starting.promise
    clearTimeout(abandonStart)
    await running?.close().catch((error: unknown) => console.error(error))
    process.exit()
  })
  let onHangUp: () => void = () => void stop()
  for (const event of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(event, () => void stop())
  process.on('SIGHUP', () => onHangUp())
  // The parent ended before the listener above was there.
  if (process.send !== undefined && !process.connected) void stop()

  try {
    const running = await start(stopping.signal)
    if (rereadSecrets) onHangUp = oneAfterTheOther(() => running.reload(rereadSecrets()), onFatal)
    if (isReloadWanted) onHangUp()
    starting.resolve(running)
  } catch (error) {
    // A start that was asked to stop has not failed.
    starting.resolve(null)
    if (!stopping.signal.aborted) throw error
  }

  async function start(signal: AbortSignal): Promise<RunningProduct> {
    const config = readConfig()
    if (config.demo) await reserveDataFolder(config.dataDirectory) // the simulator writes there too
    const simulator =
      config.demo && program
        ? await startSimulator(config, { program, port: config.demo.simulatorPort, onFatal, signal })
        : null
    try {
      const product = await (config.role === 'worker'
        ? work(config, onFatal, { stopping: signal, onReady })
        : serve(config, onFatal, { stopping: signal, onReady, servesPage }))
      process.send?.('ready')
      if (announces) console.log(`\n${announcement(config)}\n`)
      return {
        reload: (reread) => product.reload(reread),
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

  /** The start goes on for a second or two, and whoever saw that the product is ready may have it reload by then. */
  function onReady(): void {
    if (rereadSecrets) onHangUp = () => void (isReloadWanted = true)
  }

  function onFatal(error: unknown): void {
    if (stopping.signal.aborted) return
    console.error(error instanceof ConfigurationError ? error.message : error)
    process.exitCode = 1
    void stop()
  }
}

function exitNow(): void {
  console.error('Not everything ended in time: it is left as it is. The next start goes on from there.')
  process.exit()
}

/** Requests that come during a run are answered by one more, which reads what they want to be read. */
function oneAfterTheOther(action: () => Promise<void>, onFailure: (error: unknown) => void): () => void {
  let isRunning = false
  let isWanted = false
  const run = async () => {
    isRunning = true
    while (isWanted) {
      isWanted = false
      await action()
    }
  }
  return () => {
    isWanted = true
    if (isRunning) return
    void run()
      .catch(onFailure)
      .finally(() => (isRunning = false))
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => (running ??= action())
}
