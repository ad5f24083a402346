import type { FastifyBaseLogger } from 'fastify'
import type { ExpiredMessage } from '../queue/changes/expiry.ts'
import type { MailboxNews, TendedMailboxes } from '../queue/mailbox/tend-mailboxes.ts'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import type { Settlement } from '../queue/owner/settle.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'

// What metrics and log tell of messages and mailboxes, once it is written.

interface Told {
  readonly metrics: DeliveryMetrics
  readonly logger: FastifyBaseLogger
}

/** Counts and logs messages that failed without an attempt, because their time was over. */
export function reportExpired({ metrics, logger }: Told, expired: readonly ExpiredMessage[]): void {
  metrics.expired(expired.length)
  for (const { id, code } of expired) logger.error({ message: id, code }, 'message failed')
}

const BEGUN: Partial<Record<MailboxNews['type'], string>> = {
  'mailbox.refused': 'mailbox held: Microsoft takes no mail from it, or none by draft',
  'mailbox.token-refused': 'mailbox waits: Microsoft Graph refuses tokens that were just issued',
  'microsoft.unreachable': 'mailbox waits: something has answered in Microsoft’s place for minutes',
}
const ENDED: Partial<Record<MailboxNews['type'], string>> = {
  'mailbox.recovered': 'Microsoft takes mail from the mailbox again',
  'microsoft.recovered': 'Microsoft answers again',
}

/** Counts the messages that were held with their mailbox, and logs what was told of mailboxes. */
export function reportMailboxes(
  { metrics, logger }: Told,
  { held, news }: Pick<TendedMailboxes, 'held' | 'news'>,
): void {
  metrics.held(held)
  for (const { tenantId: tenant, type, microsoftCode } of news) {
    const begun = BEGUN[type]
    if (begun === undefined) logger.info({ tenant }, ENDED[type])
    else logger.warn({ tenant, microsoftCode }, begun)
  }
}

/** Counts and logs an outcome as it was written. */
export function reportSettled(
  { metrics, logger }: Told,
  { id, tenantId: tenant, createdAt, probeRoute }: MarkedMessage,
  settlement: Settlement,
  now: Date,
): void {
  const { status, attempt, problem, gateway, waitMs } = settlement
  reportPause(logger, tenant, settlement, now)
  metrics.settled(settlement, (now.getTime() - createdAt.getTime()) / 1_000, probeRoute !== null)
  if (status === 'sent') logger.info({ message: id, tenant }, 'message sent')
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

/** Logs that a refusal made a mailbox pause, and until when. */
function reportPause(
  logger: FastifyBaseLogger,
  tenant: string,
  { refusal, noAccessMs, attempt }: Settlement,
  now: Date,
): void {
  if (noAccessMs === null || (refusal?.by !== 'token' && refusal?.by !== 'gateway')) return
  const until = new Date(now.getTime() + noAccessMs).toISOString()
  if (refusal.by === 'token')
    logger.warn({ tenant, microsoftCode: attempt?.code, until }, 'mailbox paused: Microsoft Graph refused its token')
  else {
    const { status, host } = refusal.answer
    logger.warn({ tenant, status, host, until }, 'mailbox paused: something answered in Microsoft’s place')
  }
}
