import type { FastifyInstance } from 'fastify'
import { compose, type Product } from './compose.ts'
import type { Config } from './config.ts'
import { createLogger } from './logger.ts'
import type { Running } from './serve.ts'

/** Delivers only: any number of these share a database with those that serve. */
export async function work(config: Config, onFatal: (error: unknown) => void): Promise<Running> {
  const logger = createLogger(config.logLevel)
  const product = await compose(config, logger, { onFatal })
  const operations = await listenIfFree(product, config, (message) => logger.warn(message))
  await product.housekeeping.start()
  product.worker.start()
  logger.info({ role: config.role }, 'delivering')
  return {
    async close() {
      await operations?.close()
      await product.worker.stop()
      await product.housekeeping.stop()
      await product.close()
      logger.info('stopped')
    },
  }
}

/** A worker beside an API on one machine delivers all the same. */
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
