import { systemClock } from './runtime/clock.ts'
import { compose } from './compose.ts'
import type { Config } from './configuration/config.ts'
import { configurationWarnings } from './configuration/warnings.ts'
import { explainListenError } from './configuration/listen-error.ts'
import { createLogger } from './runtime/logger.ts'
import { closeTogether, type Running, type RunningProduct, type StartOptions } from './running.ts'
import { VERSION } from './runtime/version.ts'

/**
 * Serves the REST API and, unless `servesPage` is false, the page, and delivers too if the role is `all`. When `stopping`
 * aborts during the start, it rejects and leaves nothing running.
 */
export async function serve(
  config: Config,
  onFatal: (error: unknown) => void,
  { stopping, servesPage, onReady = () => {} }: StartOptions & { readonly servesPage?: boolean | undefined } = {},
): Promise<RunningProduct> {
  const logger = createLogger(config.logLevel)
  logger.info({ version: VERSION, role: config.role }, 'starting')
  for (const warning of configurationWarnings(config, systemClock())) logger.warn(warning)
  const product = await compose(config, logger, { onFatal, servesPage, stopping })
  const started: Running[] = []
  const close = async () => {
    await closeTogether(started, logger)
    await product.close()
  }
  try {
    const app = await product.buildApp()
    started.push({ close: () => app.close() })
    const { smtpDoor } = product
    if (!smtpDoor) onReady()
    await app.listen({ host: config.host, port: config.port })
    stopping?.throwIfAborted()
    if (smtpDoor) {
      onReady()
      started.push({ close: () => smtpDoor.close() })
      await smtpDoor.listen()
      stopping?.throwIfAborted()
    }
    started.push({ close: () => product.housekeeping.stop() })
    product.housekeeping.start()
    stopping?.throwIfAborted()
    if (config.role === 'all') {
      product.worker.start()
      started.push({ close: () => product.worker.stop() })
    }
  } catch (error) {
    await close()
    throw await product.explain(explainListenError(error, config))
  }
  logger.info({ publicUrl: config.publicUrl, role: config.role }, 'serving')
  return {
    reload: (reread) => product.reload(reread),
    async close() {
      await close()
      logger.info('stopped')
    },
  }
}
