import type { FastifyBaseLogger } from 'fastify'
import type { Settlement } from '../queue/owner/settle.ts'
import type { MailboxNews, TendedMailboxes } from '../queue/mailbox/tend-mailboxes.ts'
import type { DeliveryMetrics } from './delivery-metrics.ts'

type Logger = Pick<FastifyBaseLogger, 'info' | 'warn'>

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
  { metrics, logger }: { readonly metrics: DeliveryMetrics; readonly logger: Logger },
  { held, news }: Pick<TendedMailboxes, 'held' | 'news'>,
): void {
  metrics.held(held)
  for (const { tenantId: tenant, type, microsoftCode } of news) {
    const begun = BEGUN[type]
    if (begun === undefined) logger.info({ tenant }, ENDED[type])
    else logger.warn({ tenant, microsoftCode }, begun)
  }
}

/** Logs that a refusal made a mailbox pause, and until when. */
export function reportPause(
  logger: Logger,
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
