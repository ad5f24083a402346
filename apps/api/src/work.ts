import type { FastifyInstance } from 'fastify'
import type { Config } from './configuration/config.ts'
import { run, type RunningProduct, type StartOptions } from './running.ts'
import type { Product } from './wire.ts'

/**
 * Delivers only. Any number of workers share a database with the processes that serve. When `stopping` aborts during the
 * start, it rejects and leaves nothing running.
 */
export async function work(
  config: Config,
  onFatal: (error: unknown) => void,
  { onReady = () => {}, ...options }: StartOptions = {},
): Promise<RunningProduct> {
  return run(config, onFatal, options, async ({ product, logger, closing }) => {
    const { housekeeping, worker } = product
    onReady()
    const operations = await listenIfFree(product, config, (message) => logger.warn(message))
    if (operations) closing({ close: () => operations.close() })
    housekeeping.start()
    closing({ close: () => housekeeping.stop() })
    worker.start()
    closing({ close: () => worker.stop() })
    logger.info({ role: config.role }, 'delivering')
  })
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
