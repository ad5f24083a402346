import type { FastifyInstance } from 'fastify'
import { systemClock } from './runtime/clock.ts'
import { compose } from './compose.ts'
import type { Config } from './configuration/config.ts'
import { configurationWarnings } from './configuration/warnings.ts'
import { explainListenError } from './configuration/listen-error.ts'
import { createLogger } from './runtime/logger.ts'
import { closeTogether, type Running, type RunningProduct, type StartOptions } from './running.ts'
import { VERSION } from './runtime/version.ts'
import type { Product } from './wire.ts'

/**
 * Delivers only. Any number of workers share a database with the processes that serve. When `stopping` aborts during the
 * start, it rejects and leaves nothing running.
 */
export async function work(
  config: Config,
  onFatal: (error: unknown) => void,
  { stopping, onReady = () => {} }: StartOptions = {},
): Promise<RunningProduct> {
  const logger = createLogger(config.logLevel)
  logger.info({ version: VERSION, role: config.role }, 'starting')
  for (const warning of configurationWarnings(config, systemClock())) logger.warn(warning)
  const product = await compose(config, logger, { onFatal, stopping })
  const started: Running[] = []
  const close = async () => {
    await closeTogether(started, logger)
    await product.close()
  }
  try {
    onReady()
    const operations = await listenIfFree(product, config, (message) => logger.warn(message))
    if (operations) started.push({ close: () => operations.close() })
    stopping?.throwIfAborted()
    started.push({ close: () => product.housekeeping.stop() })
    product.housekeeping.start()
    stopping?.throwIfAborted()
    product.worker.start()
    started.push({ close: () => product.worker.stop() })
  } catch (error) {
    await close()
    throw await product.explain(explainListenError(error, config))
  }
  logger.info({ role: config.role }, 'delivering')
  return {
    reload: (reread) => product.reload(reread),
    async close() {
      await close()
      logger.info('stopped')
    },
  }
}

/** Listens for health and metrics, or warns if the port is taken: a worker on the machine of an API still delivers. */
async function listenIfFree(
  product: Product,
  { host, port }: Config,
  warn: (message: string) => void,
): Promise<FastifyInstance | null> {
  const app = await product.buildOperationsApp()
  try {
    await app.listen({ host, port })
    return app
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    warn(`Port ${port} is taken: this worker serves no /healthz, /readyz and /metrics. Set PORT to a free one.`)
    return null
  }
}
