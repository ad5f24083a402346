import { QUOTA_CODES } from '@inforiver-mail/contract/delivery-cause'
import type { Prisma, PrismaClient } from '../../database/generated/client.ts'
import { appendAlert, dismissAlerts } from '../../database/alert-log.ts'
import { appendAuditEvent } from '../../database/audit-log.ts'
import type { NewId } from '../../runtime/ids.ts'
import type { OutcomeReport } from '../reports/merge-outcome.ts'

// The pause of a mailbox after a report that a limit of Microsoft is used up; send-now.ts ends it. The pause itself is
// paused_until, as one that Microsoft asked for; the columns quota_* say why, and how long the next one has to be.

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const FIRST_PAUSE_MS = HOUR_MS
const LONGEST_PAUSE_MS = DAY_MS

/** A pause that has not ended. */
export interface QuotaPause {
  /** The number alone, such as `5.7.233`. */
  readonly code: string
  readonly since: Date
  readonly until: Date
}

/** What a mailbox remembers of the last pause. */
interface LastPause {
  readonly lastCodeAt: Date | null
  readonly pauseMs: number | null
  /** When it ends, or was ended. */
  readonly pausedUntil: Date | null
}

/** A report about a message: a limit was used up when it was sent. */
export interface QuotaReport {
  readonly tenantId: string
  readonly code: string
  /** Null while its own outcome is not known. */
  readonly sentAt: Date | null
}

/**
 * Returns how long the mailbox has to pause from now, or null. Many reports about the same exhausted limit arrive together,
 * also after its pause, so that only a message which left after the last pause proves that the limit is still used up.
 */
export function planQuotaPause(last: LastPause, sentAt: Date, now: Date): number | null {
  if (now.getTime() - sentAt.getTime() > DAY_MS) return null
  if (last.pausedUntil && (last.pausedUntil > now || last.pausedUntil > sentAt)) return null
  const isInSuccession = last.lastCodeAt !== null && now.getTime() - last.lastCodeAt.getTime() < DAY_MS
  return isInSuccession ? Math.min(2 * (last.pauseMs ?? 0) || FIRST_PAUSE_MS, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS
}

/** $1 tenant */
const ENSURE = `INSERT INTO mailboxes (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`

/** $1 tenant */
const LOCK = `
SELECT m.quota_code_at AS "lastCodeAt", m.quota_pause_ms::float8 AS "pauseMs", m.quota_paused_until AS "pausedUntil", mail_now() AS now,
       (SELECT s.from_email FROM tenant_settings s WHERE s.tenant_id = $1) AS "fromEmail"
  FROM mailboxes m WHERE m.tenant_id = $1 FOR NO KEY UPDATE OF m`

interface Locked extends LastPause {
  readonly now: Date
  readonly fromEmail: string | null
}

/** $1 tenant, $2 code, $3 ms of the pause or null */
const WRITE = `
UPDATE mailboxes
   SET quota_code = $2, quota_code_at = mail_now(), quota_pause_ms = coalesce($3, quota_pause_ms),
       quota_paused_at = CASE WHEN $3::bigint IS NULL THEN quota_paused_at ELSE mail_now() END,
       quota_paused_until = CASE WHEN $3::bigint IS NULL THEN quota_paused_until ELSE mail_now() + $3 * interval '1 millisecond' END,
       paused_until = CASE WHEN $3::bigint IS NULL THEN paused_until ELSE greatest(paused_until, mail_now() + $3 * interval '1 millisecond') END
 WHERE tenant_id = $1`

/** Pauses the mailbox, unless the report is about what it has paused for. May be called again with the same report. */
export async function pauseForQuota(
  prisma: PrismaClient,
  newId: NewId,
  { tenantId, code, sentAt }: QuotaReport,
): Promise<QuotaPause | null> {
  return prisma.$transaction(async (transaction) => {
    await transaction.$executeRawUnsafe(ENSURE, tenantId)
    const [last] = await transaction.$queryRawUnsafe<Locked[]>(LOCK, tenantId)
    if (!last) return null
    const { now, fromEmail } = last
    const pauseMs = planQuotaPause(last, sentAt ?? now, now)
    await transaction.$executeRawUnsafe(WRITE, tenantId, code, pauseMs)
    if (pauseMs === null) return null
    const until = new Date(now.getTime() + pauseMs)
    const facts = { fromEmail: fromEmail ?? '', code, until: until.toISOString() }
    await dismissAlerts(transaction, tenantId, 'quota', now)
    await appendAlert(transaction, { id: newId('alert'), tenantId, at: now, type: 'quota.exceeded', facts })
    await appendAuditEvent(transaction, {
      tenantId,
      at: now,
      actor: null,
      action: 'mailbox-paused',
      outcome: code,
      details: { until: until.toISOString() },
    })
    return { code, since: now, until }
  })
}

/** $1 ids */
const LAST_SENT = `SELECT max(sent_at) AS sent_at FROM messages WHERE id = ANY ($1)`

/** Pauses the mailbox where reports are certain that a limit is used up, whatever source they are of. */
export async function pauseForReports(
  prisma: PrismaClient,
  newId: NewId,
  tenantId: string,
  reports: readonly Pick<OutcomeReport, 'messageId' | 'code' | 'certain'>[],
): Promise<void> {
  const exhausted = reports.filter(({ code, certain }) => certain && code !== null && QUOTA_CODES.includes(code))
  const code = exhausted[0]?.code ?? null
  if (code === null) return
  const ids = exhausted.map(({ messageId }) => messageId)
  const [row] = await prisma.$queryRawUnsafe<{ sent_at: Date | null }[]>(LAST_SENT, ids)
  await pauseForQuota(prisma, newId, { tenantId, code, sentAt: row?.sent_at ?? null })
}

/** A process of the release before may have ended the pause without knowing of the columns quota_*. $1 tenant */
const READ = `
SELECT m.quota_code AS code, m.quota_paused_at AS since, m.quota_paused_until AS until FROM mailboxes m
 WHERE m.tenant_id = $1 AND m.quota_code IS NOT NULL AND m.quota_paused_at IS NOT NULL
   AND m.quota_paused_until > mail_now() AND m.paused_until >= m.quota_paused_until`

/** Reads why the mailbox pauses; null unless it pauses because a limit of Microsoft is used up. */
export async function readQuotaPause(
  reader: Pick<PrismaClient | Prisma.TransactionClient, '$queryRawUnsafe'>,
  tenantId: string,
): Promise<QuotaPause | null> {
  const [row] = await reader.$queryRawUnsafe<QuotaPause[]>(READ, tenantId)
  return row ?? null
}
