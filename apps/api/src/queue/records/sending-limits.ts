import { domainToASCII, domainToUnicode } from 'node:url'
import type { SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import type pg from 'pg'
import { appendAuditEvent } from '../../database/audit-log.ts'
import type { PrismaClient } from '../../database/generated/client.ts'
import { idsOf } from '../columns.ts'
import { countEvents, nextEvents } from './count-events.ts'

// How many recipients outside of the organisation were written to, by the minute, counted in the background. What is
// counted holds for the domains that are entered: whoever changes those has the last 24 hours counted again.

const COUNTED_AT_ONCE = 2_000
/** A minute counts until its last moment is a day old. */
const WINDOW = `interval '1 day 1 minute'`
const WINDOW_MS = (24 * 60 + 1) * 60_000

/**
 * Counts the recipients of the next events of a tenant. The row of the limits is locked: whoever changes the domains waits,
 * and who waits for that counts by the new ones. While all mail is redirected, each message has one recipient.
 * $1 tenant, $2 at most
 */
const COUNT = `
WITH ${nextEvents('sending_limits', `mail_now() - ${WINDOW}`, ', p.internal_domains')}, sent AS MATERIALIZED (
  SELECT message_id, at FROM next WHERE type = 'message.sent' AND at > mail_now() - ${WINDOW}
), written_to AS MATERIALIZED (
  SELECT s.at, lower(split_part(m.from_email, '@', 2)) AS sender_domain, lower(split_part(r ->> 'address', '@', 2)) AS domain
    FROM sent s JOIN messages m ON m.id = s.message_id LEFT JOIN tenant_settings t ON t.tenant_id = m.tenant_id
   CROSS JOIN LATERAL jsonb_array_elements(
     CASE WHEN t.redirect_all_to IS NOT NULL THEN jsonb_build_array(jsonb_build_object('address', t.redirect_all_to))
          ELSE m."to" || coalesce(m.cc, '[]') || coalesce(m.bcc, '[]') END) AS r
   WHERE m.id = ${idsOf('sent')}
), counted AS (
  INSERT INTO external_recipients AS c (tenant_id, minute, recipients)
  SELECT $1, date_bin('1 minute', w.at, 'epoch'), count(*) FROM written_to w CROSS JOIN place p
   WHERE NOT w.domain = ANY (CASE WHEN p.internal_domains = '{}' THEN ARRAY[coalesce(w.sender_domain, '')] ELSE p.internal_domains END)
   GROUP BY 2 ORDER BY 2
  ON CONFLICT (tenant_id, minute) DO UPDATE SET recipients = c.recipients + excluded.recipients
)
UPDATE sending_limits l SET position = n.position
  FROM (SELECT max(position) AS position, count(*)::int AS events FROM next HAVING count(*) > 0) AS n
 WHERE l.tenant_id = $1
RETURNING n.events`

/** Counts the recipients of some of the events that are not counted yet. Returns whether there may be more. */
export async function countExternalRecipients(pool: pg.Pool, tenantId: string): Promise<boolean> {
  return countEvents(pool, tenantId, { table: 'sending_limits', count: COUNT, atOnce: COUNTED_AT_ONCE })
}

/** $1 tenant */
const READ = `
SELECT (SELECT coalesce(sum(r.recipients), 0)::int FROM external_recipients r
         WHERE r.tenant_id = a.tenant_id AND r.minute > mail_now() - ${WINDOW}) AS used,
       l.licences, coalesce(l.internal_domains, '{}') AS internal_domains
  FROM (SELECT $1::text AS tenant_id) AS a LEFT JOIN sending_limits l ON l.tenant_id = a.tenant_id`

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
const BEGIN = `INSERT INTO sending_limits (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`
const LOCK = `SELECT licences, internal_domains FROM sending_limits WHERE tenant_id = $1 FOR UPDATE`
const FORGET_ALL = `DELETE FROM external_recipients WHERE tenant_id = $1`

/** $1 tenant, $2 licences, $3 domains, $4 whether everything is counted again */
const REPLACE = `
UPDATE sending_limits SET licences = $2, internal_domains = $3, position = CASE WHEN $4 THEN 0 ELSE position END WHERE tenant_id = $1`

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
    await transaction.$executeRawUnsafe(BEGIN, tenantId)
    const [before] = await transaction.$queryRawUnsafe<{ licences: number | null; internal_domains: string[] }[]>(
      LOCK,
      tenantId,
    )
    const isOther = before?.internal_domains.join(' ') !== spellings.join(' ')
    if (isOther || before.licences !== licences) {
      await transaction.$executeRawUnsafe(REPLACE, tenantId, licences, spellings, isOther)
      if (isOther) await transaction.$executeRawUnsafe(FORGET_ALL, tenantId)
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

const FORGET = `DELETE FROM external_recipients WHERE minute < $1`

export async function forgetExternalRecipients(pool: pg.Pool, now: Date): Promise<void> {
  await pool.query(FORGET, [new Date(now.getTime() - WINDOW_MS)])
}
