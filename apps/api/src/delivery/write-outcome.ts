import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import type { Deliveries } from '../queue/queue.ts'
import type { Settled, Settlement } from '../queue/owner/settle.ts'
import type { FinishedAttempt } from './attempt-result.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'
import { planSettlement, type DeliveryState } from './plan-settlement.ts'
import { reportPause } from './report-mailboxes.ts'

const RETRY_AFTER_MS = 1_000

export interface OutcomeWriter {
  /**
   * Settles an attempt: writes its outcome. Retries for as long as the database is away, since an
   * outcome that is not written is a doubt; gives up when `ending` is aborted.
   */
  write(message: MarkedMessage, attempt: FinishedAttempt, ending: AbortSignal): Promise<void>
}

export function createOutcomeWriter({
  deliveries,
  adminCenters,
  clock,
  elapsedMs,
  timers,
  chance,
  logger,
  metrics,
}: {
  deliveries: Pick<Deliveries, 'settle'>
  adminCenters: AdminCenters
  clock: () => Date
  elapsedMs: () => number
  timers: Pick<Timers, 'sleep'>
  chance: () => number
  logger: FastifyBaseLogger
  metrics: DeliveryMetrics
}): OutcomeWriter {
  return {
    async write(message, attempt, ending) {
      const knownAt = elapsedMs()
      const settled: Settled = {
        message,
        settlement: planSettlement(stateAfter(message, attempt), attempt.result, {
          now: clock(),
          random: chance,
          adminCenters,
        }),
        fromEmail: attempt.fromEmail,
        internetMessageId: attempt.internetMessageId,
        ageMs: () => elapsedMs() - knownAt,
      }
      for (;;) {
        try {
          const written = await deliveries.settle(settled)
          report(message, settled.settlement, written)
          return
        } catch (error) {
          logger.warn({ err: error, message: message.id }, 'an outcome could not be written; trying again')
          if (ending.aborted) return
          await timers.sleep(RETRY_AFTER_MS, ending).catch(() => {})
        }
      }
    },
  }

  function report(message: MarkedMessage, planned: Settlement, settlement: Settlement | null): void {
    const { id } = message
    if (!settlement) {
      logger.warn(
        { message: id, status: planned.status },
        'an outcome was written before, or another attempt has begun',
      )
      return
    }
    const { status, attempt, problem, gateway, waitMs } = settlement
    reportPause(logger, message.tenantId, settlement, clock())
    const ageSeconds = (clock().getTime() - message.createdAt.getTime()) / 1_000
    metrics.settled(settlement, ageSeconds, message.probeRoute !== null)
    if (status === 'sent') logger.info({ message: id, tenant: message.tenantId }, 'message sent')
    else if (status === 'held') logger.warn({ message: id, because: settlement.heldBecause }, 'message held')
    else if (problem) {
      const { code, microsoftCode, requestId } = problem
      logger.error({ message: id, code, microsoftCode, requestId }, 'message failed')
    } else if (gateway) {
      logger.warn({ message: id, gateway, waitMs }, 'message not sent yet: something answered in Microsoft’s place')
    } else if (attempt) {
      const { outcome, code } = attempt
      logger.warn({ message: id, outcome, code, waitMs }, 'message not sent yet')
    }
  }
}

function stateAfter(message: MarkedMessage, attempt: FinishedAttempt): DeliveryState {
  return {
    attemptCount: attempt.progressed ? 1 : message.attemptCount,
    tryingMs: message.tryingMs,
    refusals: message.refusals,
    route: attempt.route,
    isProbe: message.probeRoute !== null,
    doubt: attempt.doubtResolved ? { state: 'seen-unsent' } : message.doubt,
    onUnknownOutcome: message.onUnknownOutcome,
    possibleDuplicate: message.possibleDuplicate || attempt.mayDuplicate,
  }
}
