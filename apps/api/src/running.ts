import type { FastifyBaseLogger } from 'fastify'
import { compose } from './compose.ts'
import type { Config, RereadSecrets } from './configuration/config.ts'
import { explainListenError } from './configuration/listen-error.ts'
import { configurationWarnings } from './configuration/warnings.ts'
import { systemClock } from './runtime/clock.ts'
import { createLogger } from './runtime/logger.ts'
import { VERSION } from './runtime/version.ts'
import type { Product } from './wire.ts'

/** A part of the product that was started. */
export interface Running {
  /** Lets work in progress finish within its time, then stops. */
  close(): Promise<void>
}

/** The whole product, started. */
export interface RunningProduct extends Running {
  /** Switches to the values that were read again. */
  reload(reread: RereadSecrets): Promise<void>
}

export interface StartOptions {
  /** Cancels the start. */
  readonly stopping?: AbortSignal | undefined
  /** Called when `/readyz` may answer 200 from then on, which is before the start is complete. */
  readonly onReady?: (() => void) | undefined
}

/** A product whose parts are being started. */
export interface Starting {
  readonly product: Product
  readonly logger: FastifyBaseLogger
  /** Has a part closed with the product. @throws the reason of `stopping`, where that is aborted */
  readonly closing: (part: Running) => void
}

/**
 * Composes the product and has `begin` start its parts. When that fails, or `stopping` aborts meanwhile, it rejects and
 * leaves nothing running.
 */
export async function run(
  config: Config,
  onFatal: (error: unknown) => void,
  { stopping, servesPage }: Pick<StartOptions, 'stopping'> & { readonly servesPage?: boolean | undefined },
  begin: (starting: Starting) => Promise<void>,
): Promise<RunningProduct> {
  const { role, logLevel } = config
  const logger = createLogger(logLevel)
  logger.info({ version: VERSION, role }, 'starting')
  for (const warning of configurationWarnings(config, systemClock())) logger.warn(warning)
  const product = await compose(config, logger, { onFatal, servesPage, stopping })
  const started: Running[] = []
  const close = async () => {
    await closeTogether(started, logger)
    await product.close()
  }
  try {
    await begin({
      product,
      logger,
      closing(part) {
        started.push(part)
        stopping?.throwIfAborted()
      },
    })
  } catch (error) {
    await close()
    throw await product.explain(explainListenError(error, config))
  }
  return {
    reload: (reread) => product.reload(reread),
    async close() {
      await close()
      logger.info('stopped')
    },
  }
}

/** Closes all parts concurrently, and logs those that fail. */
async function closeTogether(started: readonly Running[], logger: FastifyBaseLogger): Promise<void> {
  const ended = await Promise.allSettled(started.map((part) => part.close()))
  for (const each of ended)
    if (each.status === 'rejected')
      logger.warn({ err: each.reason as unknown }, 'something could not be stopped cleanly')
}
