import { type Overview, readOverview } from '@inforiver-mail/contract/overview'
import { readSendingLimits, replaceSendingLimits } from '@inforiver-mail/contract/sending-limits'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { isPolling } from '../http/polling-request.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { Insight } from '../queue/queue.ts'
import type { OverviewReader } from './overview.ts'

/** Pages that poll may get an answer this old, so that many open pages cost as much as one. */
const SHARED_MS = 1_000

/** Who may read and change what. */
export interface OverviewGuards {
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly requireServiceOrAdmin: (request: FastifyRequest) => Promise<{ readonly tenantId: string }>
}

interface Options extends OverviewGuards {
  readonly overview: Pick<OverviewReader, 'read'>
  readonly insight: Pick<Insight, 'readExternalUse' | 'replaceSendingLimits'>
  readonly clock: () => Date
  readonly elapsedMs: () => number
}

export const overviewRoutes: FastifyPluginAsync<Options> = async (
  app,
  { requireAdmin, requireServiceOrAdmin, overview, insight, clock, elapsedMs },
) => {
  const latest = new Map<string, { readonly begunMs: number; readonly answer: Promise<Overview> }>()

  async function readShared(tenantId: string): Promise<Overview> {
    const known = latest.get(tenantId)
    if (known && elapsedMs() - known.begunMs < SHARED_MS) return known.answer
    const begun = { begunMs: elapsedMs(), answer: overview.read(tenantId) }
    latest.set(tenantId, begun)
    try {
      return await begun.answer
    } catch (error) {
      if (latest.get(tenantId) === begun) latest.delete(tenantId)
      throw error
    }
  }

  route(app, readOverview, requireServiceOrAdmin, async ({ request, caller: { tenantId } }) =>
    isPolling(request) ? readShared(tenantId) : overview.read(tenantId),
  )

  route(app, readSendingLimits, requireAdmin, async ({ caller: { tenantId } }) => {
    const { licences, internalDomains } = await insight.readExternalUse(tenantId)
    return { licences, internalDomains }
  })

  route(app, replaceSendingLimits, requireAdmin, async ({ request, caller: { tenantId, userId }, body }) => {
    const limits = await insight.replaceSendingLimits(tenantId, body, userId, clock())
    latest.delete(tenantId)
    request.log.info(
      { licences: limits.licences, internalDomains: limits.internalDomains.length },
      'sending limits replaced',
    )
    return limits
  })
}
