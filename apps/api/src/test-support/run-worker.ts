import { compose } from '../compose.ts'
import type { Config } from '../configuration/config.ts'
import { createLogger } from '../runtime/logger.ts'

// The first message of the parent process.
process.once('message', (config: Config) => void start(config))
process.on('message', (order) => {
  if (order === 'resident bytes') process.send?.(process.memoryUsage.rss())
})
process.once('disconnect', () => process.exit())

async function start(config: Config): Promise<void> {
  const product = await compose(config, createLogger('info'), {
    onFatal(error) {
      throw error
    },
  })
  if (config.role !== 'worker') {
    const app = await product.buildApp()
    await app.listen({ host: config.host, port: config.port })
    await product.smtpDoor?.listen()
  }
  if (config.role !== 'api') product.worker.start()
  process.send?.('started')
}
