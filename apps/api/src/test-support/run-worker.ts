import { compose } from '../compose.ts'
import type { Config } from '../configuration/config.ts'
import type { DeliverySizes } from '../delivery/attempt.ts'
import { createLogger } from '../runtime/logger.ts'

/** The first message of the parent process. */
export interface WorkerOrder {
  readonly config: Config
  readonly options: { readonly deliverySizes?: DeliverySizes }
}

process.once('message', (order: WorkerOrder) => void start(order))
process.on('message', (order) => {
  if (order === 'resident bytes') process.send?.(process.memoryUsage.rss())
})
process.once('disconnect', () => process.exit())

async function start({ config, options }: WorkerOrder): Promise<void> {
  const product = await compose(config, createLogger('info'), {
    onFatal(error) {
      throw error
    },
    ...options,
  })
  if (config.role !== 'worker') {
    const app = await product.buildApp()
    await app.listen({ host: config.host, port: config.port })
    await product.smtpDoor?.listen()
  }
  if (config.role !== 'api') product.worker.start()
  process.send?.('started')
}
