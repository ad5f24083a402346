import type { Config } from './configuration/config.ts'
import { run, type RunningProduct, type StartOptions } from './running.ts'

/**
 * Serves the REST API and, unless `servesPage` is false, the page, and delivers too if the role is `all`. When `stopping`
 * aborts during the start, it rejects and leaves nothing running.
 */
export async function serve(
  config: Config,
  onFatal: (error: unknown) => void,
  { onReady = () => {}, ...options }: StartOptions & { readonly servesPage?: boolean | undefined } = {},
): Promise<RunningProduct> {
  const { host, port, publicUrl, role } = config
  return run(config, onFatal, options, async ({ product, logger, closing }) => {
    const app = await product.buildApp()
    closing({ close: () => app.close() })
    const { smtpDoor, housekeeping, worker } = product
    if (!smtpDoor) onReady()
    await app.listen({ host, port })
    if (smtpDoor) {
      onReady()
      closing({ close: () => smtpDoor.close() })
      await smtpDoor.listen()
    }
    housekeeping.start()
    closing({ close: () => housekeeping.stop() })
    if (role === 'all') {
      worker.start()
      closing({ close: () => worker.stop() })
    }
    logger.info({ publicUrl, role }, 'serving')
  })
}
