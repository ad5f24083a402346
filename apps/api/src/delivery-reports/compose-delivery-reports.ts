import { TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import { explainTrace, toReportsProblem } from '@inforiver-mail/m365/explain-reports'
import type { MessageTrace } from '@inforiver-mail/m365/message-trace'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { FastifyBaseLogger } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Registry } from 'prom-client'
import type { Runtime } from '../runtime/clock.ts'
import type { Config } from '../configuration/config.ts'
import { newOpaqueValue } from '../http/session.ts'
import type { RequestAccess } from '../domain/mailbox-access.ts'
import { startPolling, type Polling } from '../runtime/polling.ts'
import type { Queue } from '../queue/queue.ts'
import { pollInboxes, type ReportInboxHealth } from './bounce-poller.ts'
import { createBounceMetrics, createTraceMetrics } from './report-metrics.ts'
import { createTracePoller } from './trace-poller.ts'
import type { TraceStore } from './trace-store.ts'
import { createTraceTokens } from './trace-tokens.ts'

/** How often this process looks whether a source is due: what has been asked is known to the database. */
const LOOK_EVERY_MS = 5_000
const OVERDUE_EVERY_MS = 15_000
const INBOXES_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 5_000
const REMEMBERED_FAILURES = 1_000

/** What `settings/` tells of the sources that are on. */
export interface ReportSources {
  tenantsWith(source: 'trace'): Promise<readonly string[]>
  noteProblem(tenantId: string, source: 'trace', problem: Omit<ReportsProblem, 'since'> | null): Promise<void>
}

/** Wires what reads the reports of Microsoft. */
export function composeDeliveryReports(
  { tenantDomain, deliveryReportsPollMs: pollMs }: Pick<Config, 'tenantDomain' | 'deliveryReportsPollMs'>,
  deps: Runtime & {
    queue: Pick<Queue, 'reports' | 'inboxes' | 'mailboxes'>
    traceStore: TraceStore
    sources: ReportSources
    reportHealth: ReportInboxHealth
    requestAccess: RequestAccess
    trace: MessageTrace
    mailer: GraphMailer
    identity: MicrosoftIdentity
    registry: Registry
    /** How often inboxes are looked for that are due. */
    lookEveryMs?: number | undefined
    logger: FastifyBaseLogger
  },
) {
  const { queue, sources, identity, registry, random, timers, lookEveryMs = INBOXES_EVERY_MS, logger } = deps
  const { reports } = queue
  const { adminCenters, approvalLinks } = identity
  const pollTrace = createTracePoller({
    ...deps,
    store: deps.traceStore,
    reports,
    pollMs,
    noteProblem: (tenantId, problem) => sources.noteProblem(tenantId, 'trace', problem),
    explain: (refusal, hasPermission) => {
      const approvalLink = approvalLinks.application(TRACE_PERMISSION)
      return toReportsProblem(explainTrace(refusal, { isOn: true, hasPermission, approvalLink, adminCenters }))
    },
    tokens: createTraceTokens(deps),
    owner: newOpaqueValue(random),
    metrics: createTraceMetrics(registry),
  })
  const inboxOwner = random(16).toString('hex')
  const bounces = {
    ...deps,
    ...queue,
    tenantDomain,
    pollEveryMs: pollMs,
    failedRounds: new LRUCache<string, number>({ max: REMEMBERED_FAILURES }),
    metrics: createBounceMetrics(registry),
  }
  let pollings: readonly Polling[] = []
  const keepDoing = (what: string, everyMs: number, work: (stopping: AbortSignal) => Promise<unknown>) =>
    startPolling(
      async (stopping) => {
        await work(stopping)
        return everyMs
      },
      { timers, afterFailureMs: everyMs, onFailure: (error) => logger.warn({ err: error }, `${what}; trying again`) },
    )

  return {
    /** Reads reports until stopped, together with the other processes that do. */
    start(): void {
      pollings = [
        keepDoing('the message trace could not be read', Math.min(LOOK_EVERY_MS, pollMs), async (stopping) => {
          for (const tenantId of await sources.tenantsWith('trace'))
            if (!stopping.aborted) await pollTrace(tenantId, stopping)
        }),
        keepDoing('events of failed deliveries could not be written', OVERDUE_EVERY_MS, async (stopping) => {
          while (!stopping.aborted && (await reports.writeOverdueEvents()));
        }),
        startPolling(async (stopping) => ((await pollInboxes(bounces, inboxOwner, stopping)) ? 0 : lookEveryMs), {
          timers,
          afterFailureMs: AFTER_FAILURE_MS,
          onFailure: (error) => logger.warn({ err: error }, 'non-delivery reports could not be read; trying again'),
        }),
      ]
    },

    async stop(): Promise<void> {
      await Promise.all(pollings.map((polling) => polling.stop()))
    },
  }
}
