import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from './clock.ts'
import type { Config } from './config.ts'
import { NO_TRACING, type Tracing } from './tracing.ts'

/** Starts tracing if the configuration names a receiver. Its libraries are loaded only then. */
export async function startTracing(
  config: Config,
  timers: Pick<Timers, 'sleep'>,
  logger: FastifyBaseLogger,
): Promise<Tracing> {
  if (config.tracing === null) return NO_TRACING
  const { createOtlpTracing } = await import('./otlp-tracing.ts')
  return createOtlpTracing({
    ...config.tracing,
    extraCaCertificates: config.outbound.extraCaCertificates,
    role: config.role,
    timers,
    logger,
  })
}
