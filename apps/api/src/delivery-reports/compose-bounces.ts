import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyBaseLogger } from 'fastify'
import type { RequestAccess } from '../mailbox-access.ts'
import { startPolling, type Polling } from '../polling.ts'
import type { Queue } from '../queue/queue.ts'
import { pollInboxes, type ReportInboxHealth } from './bounce-poller.ts'

const LOOK_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 5_000

/** Wires the reading of non-delivery reports; it runs where messages are delivered. */
export function composeBounces({
  queue: { inboxes, reports, mailboxes },
  requestAccess,
  reportHealth,
  mailer,
  config: { tenantDomain, deliveryReportsPollMs: pollEveryMs },
  random,
  clock,
  lookEveryMs = LOOK_EVERY_MS,
  logger,
}: {
  queue: Pick<Queue, 'inboxes' | 'reports' | 'mailboxes'>
  requestAccess: RequestAccess
  reportHealth: ReportInboxHealth
  mailer: GraphMailer
  config: { readonly tenantDomain: string | null; readonly deliveryReportsPollMs: number }
  random: RandomBytes
  clock: () => Date
  /** How often inboxes are looked for that are due. */
  lookEveryMs?: number | undefined
  logger: FastifyBaseLogger
}): { start(): void; stop(): Promise<void> } {
  const owner = random(16).toString('hex')
  const deps = {
    inboxes,
    reports,
    mailboxes,
    requestAccess,
    reportHealth,
    mailer,
    tenantDomain,
    pollEveryMs,
    clock,
    logger,
  }
  let polling: Polling | null = null
  return {
    start() {
      polling = startPolling(async (stopping) => ((await pollInboxes(deps, owner, stopping)) ? 0 : lookEveryMs), {
        afterFailureMs: AFTER_FAILURE_MS,
        onFailure: (error) => logger.warn({ err: error }, 'non-delivery reports could not be read; trying again'),
      })
    },
    async stop() {
      await polling?.stop()
    },
  }
}
