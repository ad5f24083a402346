import { readFileSync } from 'node:fs'
import { systemClock } from '../clock.ts'
import { compose } from '../compose.ts'
import type { Config } from '../config.ts'
import type { DeliverySizes } from '../delivery/attempt.ts'
import { createLogger } from '../logger.ts'

/** The first message of the parent process. */
export interface WorkerOrder {
  readonly config: Config
  /** A file with the ms by which this process's clock is ahead, so that a lease can expire even while it is stopped. */
  readonly clockFile: string
  readonly options: { readonly deliverySizes?: DeliverySizes }
}

process.once('message', (order: WorkerOrder) => void start(order))
process.on('message', (order) => {
  if (order === 'resident bytes') process.send?.(process.memoryUsage.rss())
})
process.once('disconnect', () => process.exit())

async function start({ config, clockFile, options }: WorkerOrder): Promise<void> {
  const clock = () => new Date(systemClock().getTime() + Number(readFileSync(clockFile, 'utf8')))
  const product = await compose(config, createLogger('info'), {
    onFatal(error) {
      throw error
    },
    clock,
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
