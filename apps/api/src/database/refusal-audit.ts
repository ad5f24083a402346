import type { FastifyBaseLogger } from 'fastify'
import { appendLimitedAuditEvent, type AuditEvent, type HourlyLimit } from './audit-log.ts'
import type { PrismaClient } from './generated/client.ts'

const HOUR_MS = 60 * 60_000
const MAX_REMEMBERED = 1_000

export interface Refusal extends Omit<AuditEvent, 'at'> {
  /** The first one is of the least: who asked, by which key. */
  readonly limits: readonly [HourlyLimit, ...HourlyLimit[]]
}

export type AuditRefusal = (refusal: Refusal) => Promise<void>

/**
 * Writes refusals to the audit log, and never fails: the answer is the same. What this process has written within the
 * hour is remembered, so that a flood of the same does not reach the database.
 */
export function createRefusalAudit(parts: {
  prisma: PrismaClient
  clock: () => Date
  logger: Pick<FastifyBaseLogger, 'warn'>
}): AuditRefusal {
  const { prisma, clock, logger } = parts
  let written = new Map<string, Date>()

  return async ({ limits, ...event }) => {
    const at = clock()
    const { action, outcome, actor } = event
    const subject = JSON.stringify([action, outcome, actor, limits[0].of])
    const last = written.get(subject)
    if (last && at.getTime() - last.getTime() < HOUR_MS) return
    if (written.size >= MAX_REMEMBERED) written = new Map()
    written.set(subject, at)
    await appendLimitedAuditEvent(prisma, { ...event, at }, limits).catch((error: unknown) => {
      written.delete(subject)
      logger.warn({ err: error }, 'a refusal is not in the audit log')
    })
  }
}
