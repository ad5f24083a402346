import { domainToASCII, domainToUnicode } from 'node:url'
import type { SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import type pg from 'pg'
import { appendAuditEvent } from '../../database/audit-log.ts'
import type { PrismaClient } from '../../database/generated/client.ts'
import { BEGIN_OVERVIEW, externalOf, RECOUNT_EXTERNAL, UNCOUNT_EXTERNAL } from './event-counts.ts'

// What Microsoft's limit of external recipients depends on, as an admin has entered it. What is counted holds for the domains
// that are entered: whoever changes those has the last 24 hours counted again.

/** $1 tenant */
const READ = `
SELECT (${externalOf('a.tenant_id')}) AS used, o.licences, coalesce(o.internal_domains, '{}') AS internal_domains
  FROM (SELECT $1::text AS tenant_id) AS a LEFT JOIN mail_overviews o ON o.tenant_id = a.tenant_id`

/** What was entered, and how many external recipients were counted within 24 hours. */
export interface ExternalUse extends SendingLimits {
  readonly used: number
}

export async function readExternalUse(pool: pg.Pool, tenantId: string): Promise<ExternalUse> {
  const { rows } = await pool.query<{ used: number; licences: number | null; internal_domains: string[] }>(READ, [
    tenantId,
  ])
  const [row] = rows
  if (!row) throw new Error('The use of external recipients has one row.')
  return { used: row.used, licences: row.licences, internalDomains: asEntered(row.internal_domains) }
}

/** $1 tenant */
const LOCK = `SELECT licences, internal_domains FROM mail_overviews WHERE tenant_id = $1 FOR UPDATE`

/** $1 tenant, $2 licences, $3 domains */
const REPLACE = `UPDATE mail_overviews SET licences = $2, internal_domains = $3 WHERE tenant_id = $1`

/** Replaces what was entered, and has the last 24 hours counted again where the domains are others now. */
export async function replaceSendingLimits(
  prisma: PrismaClient,
  tenantId: string,
  { licences, internalDomains }: SendingLimitsInput,
  actor: string,
  now: Date,
): Promise<SendingLimits> {
  const spellings = internalDomains.flatMap(spellingsOf)
  return prisma.$transaction(async (transaction) => {
    await transaction.$executeRawUnsafe(BEGIN_OVERVIEW, tenantId)
    const [before] = await transaction.$queryRawUnsafe<{ licences: number | null; internal_domains: string[] }[]>(
      LOCK,
      tenantId,
    )
    const isOther = before?.internal_domains.join(' ') !== spellings.join(' ')
    if (isOther || before.licences !== licences) {
      await transaction.$executeRawUnsafe(REPLACE, tenantId, licences, spellings)
      if (isOther)
        for (const statement of [UNCOUNT_EXTERNAL, RECOUNT_EXTERNAL])
          await transaction.$executeRawUnsafe(statement, tenantId)
      await appendAuditEvent(transaction, {
        tenantId,
        at: now,
        actor,
        action: 'sending-limits-changed',
        outcome: 'done',
        details: { licences, internalDomains: internalDomains.join(' ') || null },
      })
    }
    return { licences, internalDomains: [...internalDomains] }
  })
}

/** Addresses have a domain as DNS has it, or as people write it. */
function spellingsOf(domain: string): string[] {
  return [...new Set([domain, domainToUnicode(domain).toLowerCase()])].filter((spelling) => spelling !== '')
}

function asEntered(spellings: readonly string[]): string[] {
  return [...new Set(spellings.map((spelling) => domainToASCII(spelling) || spelling))]
}
