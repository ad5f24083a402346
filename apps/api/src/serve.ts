import { systemClock } from './clock.ts'
import { compose } from './compose.ts'
import { ConfigurationError, type Config } from './config.ts'
import { configurationWarnings } from './configuration/warnings.ts'
import { createLogger } from './logger.ts'
import { closeTogether, type Running, type RunningProduct } from './running.ts'
import { VERSION } from './version.ts'

/**
 * Serves the REST API and, unless `servesPage` is false, the page, and delivers too if the role is `all`. When `stopping`
 * aborts during the start, it rejects and leaves nothing running.
 */
export async function serve(
  config: Config,
  onFatal: (error: unknown) => void,
  stopping?: AbortSignal,
  servesPage?: boolean,
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
    await app.listen({ host: config.host, port: config.port })
    stopping?.throwIfAborted()
    const { smtpDoor } = product
    if (smtpDoor) {
      started.push({ close: () => smtpDoor.close() })
      await smtpDoor.listen()
      stopping?.throwIfAborted()
    }
    started.push({ close: () => product.housekeeping.stop() })
    await product.housekeeping.start()
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

function explainListenError(error: unknown, { host, port, smtpDoor }: Config): unknown {
  const { code, port: refusedPort } = error as NodeJS.ErrnoException & { readonly port?: number }
  const [name, taken, hostName, takenHost] = (
    [
      ['SMTP_LISTEN_PORT', smtpDoor?.port, 'SMTP_LISTEN_HOST', smtpDoor?.host],
      ['SMTP_LISTEN_TLS_PORT', smtpDoor?.tlsPort, 'SMTP_LISTEN_HOST', smtpDoor?.host],
    ] as const
  ).find(([, its]) => its === refusedPort && refusedPort !== undefined) ?? ['PORT', port, 'HOST', host]
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigurationError(
        `Port ${taken} is taken by another program, or by another Inforiver Mail. Stop that, or set ${name} to a free one.`,
      )
    case 'EACCES':
      return new ConfigurationError(`This account may not listen on port ${taken}. Set ${name} to one above 1023.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(`${hostName} is ${takenHost}, which is not an address of this machine.`)
    default:
      return error
  }
}
