import { randomBytes, randomInt } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { systemClock, systemTimers } from './runtime/clock.ts'
import type { Config } from './configuration/config.ts'
import { createIds } from './runtime/ids.ts'
import { openProduct } from './open-product.ts'
import { wire, type Product, type WireOptions } from './wire.ts'

/**
 * Opens the product and wires it, with the clocks and the chance of this machine. A start that fails leaves nothing running.
 *
 * @throws {ConfigurationError} when the operator has to change something
 */
export async function compose(
  config: Config,
  logger: FastifyBaseLogger,
  {
    onFatal,
    stopping,
    clock = systemClock,
    timers = systemTimers,
    elapsedMs = timers.elapsedMs,
    chance = () => randomInt(0, 1_000_000) / 1_000_000,
    random = randomBytes,
    newId = createIds({ clock: systemClock, random }),
    ...others
  }: Partial<WireOptions> & {
    onFatal: (error: unknown) => void
    /** Cancels the start. */
    stopping?: AbortSignal | undefined
  },
): Promise<Product> {
  const opened = await openProduct(config, logger, { onFatal, clock, timers, newId, stopping })
  try {
    const product = wire(config, logger, opened, { clock, timers, elapsedMs, chance, random, newId, ...others })
    await product.begin()
    return product
  } catch (error) {
    await opened.close()
    throw await opened.explain(error)
  }
}
