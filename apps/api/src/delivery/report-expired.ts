import type { FastifyBaseLogger } from 'fastify'
import type { ExpiredMessage } from '../queue/changes/expiry.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'

/** Counts and logs messages that failed without an attempt, because their time was over. */
export function reportExpired(
  { metrics, logger }: { readonly metrics: DeliveryMetrics; readonly logger: Pick<FastifyBaseLogger, 'error'> },
  expired: readonly ExpiredMessage[],
): void {
  metrics.expired(expired.length)
  for (const { id, code } of expired) logger.error({ message: id, code }, 'message failed')
}
