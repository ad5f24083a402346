import type { FastifyBaseLogger } from 'fastify'
import { LRUCache } from 'lru-cache'
import { appendLimitedAuditEvent, type AuditEvent, type HourlyLimit } from './audit-log.ts'
import type { PrismaClient } from './generated/client.ts'

const HOUR_MS = 60 * 60_000
const MAX_REMEMBERED = 1_000

export interface Refusal extends Omit<AuditEvent, 'at'> {
  /** The first limit identifies the caller most precisely. */
  readonly limits: readonly [HourlyLimit, ...HourlyLimit[]]
}

export type AuditRefusal = (refusal: Refusal) => Promise<void>

/**
 * Writes refusals to the audit log. It never rejects, because the refusal is answered in any case. It remembers what this
 * process wrote within the hour, so that a flood of the same refusal does not reach the database.
 */
export function createRefusalAudit({
  prisma,
  clock,
  logger,
}: {
  prisma: PrismaClient
  clock: () => Date
  logger: Pick<FastifyBaseLogger, 'warn'>
}): AuditRefusal {
  const written = new LRUCache<string, Date>({ max: MAX_REMEMBERED })

  return async ({ limits, ...event }) => {
    const at = clock()
    const { action, outcome, actor } = event
    const subject = JSON.stringify([action, outcome, actor, limits[0].of])
    const last = written.get(subject)
    if (last && at.getTime() - last.getTime() < HOUR_MS) return
    written.set(subject, at)
    await appendLimitedAuditEvent(prisma, { ...event, at }, limits).catch((error: unknown) => {
      written.delete(subject)
      logger.warn({ err: error }, 'a refusal is not in the audit log')
    })
  }
}
