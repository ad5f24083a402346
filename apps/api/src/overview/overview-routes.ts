import { readOverview } from '@inforiver-mail/contract/overview'
import { readSendingLimits, replaceSendingLimits } from '@inforiver-mail/contract/sending-limits'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { Insight } from '../queue/queue.ts'
import type { Runtime } from '../runtime/clock.ts'
import { likelyLimit, measureExternalRecipients } from './likely-limit.ts'
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
  const { insight, readSender, tenantId, registry, clock } = deps
  const overview = createOverview(deps)
  measureExternalRecipients(registry, async () => {
    const [{ used, licences }, sender] = await Promise.all([insight.readExternalUse(tenantId), readSender(tenantId)])
    return { used, likelyLimit: likelyLimit(licences, sender?.fromEmail ?? null) }
  })
  return {
    routes:
      ({
        requireAdmin,
        requireServiceOrAdmin,
      }: {
        requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
        requireServiceOrAdmin: (request: FastifyRequest) => Promise<{ readonly tenantId: string }>
      }): FastifyPluginAsync =>
      async (app) => {
        route(app, readOverview, requireServiceOrAdmin, async ({ caller }) => overview.read(caller.tenantId))

        route(app, readSendingLimits, requireAdmin, async ({ caller }) => {
          const { licences, internalDomains } = await insight.readExternalUse(caller.tenantId)
          return { licences, internalDomains }
        })

        route(app, replaceSendingLimits, requireAdmin, async ({ request, caller, body }) => {
          const limits = await insight.replaceSendingLimits(caller.tenantId, body, caller.userId, clock())
          request.log.info(
            { licences: limits.licences, internalDomains: limits.internalDomains.length },
            'sending limits replaced',
          )
          return limits
        })
      },
    /** Counts what has happened since the last time. Returns whether there is more. */
    keepUp: (): Promise<boolean> => overview.keepUp(tenantId),
  }
}
