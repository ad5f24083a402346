import type { Settled } from '../queue/owner/settle.ts'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import type { AttemptDeps } from './attempt.ts'
import type { FinishedAttempt } from './attempt-result.ts'
import { planSettlement, type DeliveryState } from './plan-settlement.ts'
import { reportSettled } from './report.ts'

const RETRY_AFTER_MS = 1_000

/**
 * Settles an attempt: writes its outcome. Retries for as long as the database is away, since an outcome that is not written is a
 * doubt; gives up when the process ends.
 */
export async function writeOutcome(deps: AttemptDeps, message: MarkedMessage, attempt: FinishedAttempt): Promise<void> {
  const { deliveries, adminCenters, clock, elapsedMs, timers, chance, logger } = deps
  const { id } = message
  const ending = deps.ending()
  const knownAt = elapsedMs()
  const context = { now: clock(), random: chance, adminCenters }
  const settled: Settled = {
    message,
    settlement: planSettlement(stateAfter(message, attempt), attempt.result, context),
    fromEmail: attempt.fromEmail,
    internetMessageId: attempt.internetMessageId,
    ageMs: () => elapsedMs() - knownAt,
  }
  for (;;) {
    try {
      const written = await deliveries.settle(settled)
      if (written) reportSettled(deps, message, written, clock())
      else {
        const { status } = settled.settlement
        logger.warn({ message: id, status }, 'an outcome was written before, or another attempt has begun')
      }
      return
    } catch (error) {
      logger.warn({ err: error, message: id }, 'an outcome could not be written; trying again')
      if (ending.aborted) return
      await timers.sleep(RETRY_AFTER_MS, ending).catch(() => {})
    }
  }
}

function stateAfter(message: MarkedMessage, attempt: FinishedAttempt): DeliveryState {
  return {
    ...message,
    attemptCount: attempt.progressed ? 1 : message.attemptCount,
    route: attempt.route,
    isProbe: message.probeRoute !== null,
    doubt: attempt.doubtResolved ? { state: 'seen-unsent' } : message.doubt,
    possibleDuplicate: message.possibleDuplicate || attempt.mayDuplicate,
  }
}
