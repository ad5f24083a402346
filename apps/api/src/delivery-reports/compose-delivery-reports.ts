import type { MessageTrace } from '@inforiver-mail/m365/message-trace'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { FastifyBaseLogger } from 'fastify'
import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Registry } from 'prom-client'
import { newOpaqueValue } from '../http/session.ts'
import { startPolling, type Polling } from '../polling.ts'
import type { DeliveryReports } from '../queue/queue.ts'
import { createTraceMetrics } from './trace-metrics.ts'
import { createTracePoller } from './trace-poller.ts'
import { explainTraceProblem } from './trace-problem.ts'
import type { TraceStore } from './trace-store.ts'
import { createTraceTokens } from './trace-tokens.ts'

/** How often this process looks whether a source is due: what has been asked is known to the database. */
const LOOK_EVERY_MS = 5_000
const OVERDUE_EVERY_MS = 15_000

/** What `settings/` tells of the sources that are on. */
export interface ReportSources {
  tenantsWith(source: 'trace'): Promise<readonly string[]>
  noteProblem(tenantId: string, source: 'trace', problem: Omit<ReportsProblem, 'since'> | null): Promise<void>
}

export interface DeliveryReportsFeature {
  /** Reads reports until stopped, together with the other processes that do. */
  start(): void
  stop(): Promise<void>
}

/** Wires what reads the reports of Microsoft. */
export function composeDeliveryReports({
  store,
  reports,
  sources,
  trace,
  identity,
  pollMs,
  registry,
  clock,
  logger,
}: {
  store: TraceStore
  reports: DeliveryReports
  sources: ReportSources
  trace: MessageTrace
  identity: MicrosoftIdentity
  pollMs: number
  registry: Registry
  clock: () => Date
  logger: FastifyBaseLogger
}): DeliveryReportsFeature {
  const { adminCenters, approvalLinks } = identity
  const pollTrace = createTracePoller({
    store,
    reports,
    trace,
    pollMs,
    clock,
    logger,
    noteProblem: (tenantId, problem) => sources.noteProblem(tenantId, 'trace', problem),
    explain: (refusal, hasPermission) =>
      explainTraceProblem(refusal, hasPermission, { adminCenters, approvalLink: approvalLinks.application() }),
    tokens: createTraceTokens({ identity, clock }),
    owner: newOpaqueValue(),
    metrics: createTraceMetrics(registry),
  })
  let pollings: readonly Polling[] = []
  const keepDoing = (what: string, everyMs: number, work: (stopping: AbortSignal) => Promise<unknown>) =>
    startPolling(
      async (stopping) => {
        await work(stopping)
        return everyMs
      },
      { afterFailureMs: everyMs, onFailure: (error) => logger.warn({ err: error }, `${what}; trying again`) },
    )

  return {
    start() {
      pollings = [
        keepDoing('the message trace could not be read', Math.min(LOOK_EVERY_MS, pollMs), async (stopping) => {
          for (const tenantId of await sources.tenantsWith('trace'))
            if (!stopping.aborted) await pollTrace(tenantId, stopping)
        }),
        keepDoing('events of failed deliveries could not be written', OVERDUE_EVERY_MS, async (stopping) => {
          while (!stopping.aborted && (await reports.writeOverdueEvents()));
        }),
      ]
    },

    async stop() {
      await Promise.all(pollings.map((polling) => polling.stop()))
    },
  }
}
