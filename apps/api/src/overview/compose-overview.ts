import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify'
import type { Registry } from 'prom-client'
import type { Insight } from '../queue/queue.ts'
import type { Runtime } from '../runtime/clock.ts'
import { likelyLimit } from './likely-limit.ts'
import { measureExternalRecipients } from './overview-metrics.ts'
import { overviewRoutes, type OverviewGuards } from './overview-routes.ts'
import { createOverview, type OverviewDeps } from './overview.ts'

export type OverviewFeature = ReturnType<typeof composeOverview>

/** Wires the overview, its limits and what it measures. */
export function composeOverview(
  deps: Runtime & {
    insight: Insight
    readUsage: OverviewDeps['readUsage']
    readSender: (tenantId: string) => Promise<{ readonly fromEmail: string } | null>
    tenantId: string
    registry: Registry
    logger: FastifyBaseLogger
  },
) {
  const { insight, readSender, tenantId, registry } = deps
  const overview = createOverview(deps)
  measureExternalRecipients(registry, async () => {
    const [{ used, licences }, sender] = await Promise.all([insight.readExternalUse(tenantId), readSender(tenantId)])
    return { used, likelyLimit: likelyLimit(licences, sender?.fromEmail ?? null) }
  })
  return {
    routes:
      (guards: OverviewGuards): FastifyPluginAsync =>
      async (app) => {
        await app.register(overviewRoutes, { ...deps, ...guards, overview })
      },
    /** Counts what has happened since the last time. Returns whether there is more. */
    keepUp: (): Promise<boolean> => overview.keepUp(tenantId),
  }
}
