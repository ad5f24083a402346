import { compose } from './compose.ts'
import type { Config } from './config.ts'
import { createLogger } from './logger.ts'
import type { Running } from './serve.ts'

/** Delivers only: any number of these share a database with those that serve. */
export async function work(config: Config, onFatal: (error: unknown) => void): Promise<Running> {
  const logger = createLogger(config.logLevel)
  const product = await compose(config, logger, { onFatal })
  product.worker.start()
  logger.info({ role: config.role }, 'delivering')
  return {
    async close() {
      await product.worker.stop()
      await product.close()
      logger.info('stopped')
    },
  }
}
