import type pg from 'pg'
import { causeOf } from '../../database/failed-alert.sql.ts'

/** The most causes that are told apart. Microsoft may answer with any code. */
const MAX_CAUSES = 20
const OTHER_CAUSES = 'other'

export interface FailureCount {
  /** Microsoft's code, else that of the problem; `other` for all but the most frequent. */
  readonly cause: string
  readonly count: number
}

/** More are not counted. */
const MAX_FAILED = 100_000

/** A query for the causes of what failed within 24 hours and has not been retried. */
function failedOfDay(tenant: string): string {
  return `
SELECT ${causeOf('m.problem')} AS cause FROM messages m
 WHERE m.tenant_id || '' = ${tenant} AND m.failed_at > mail_now() - interval '24 hours' LIMIT ${MAX_FAILED}`
}

const READ = `
SELECT failed.cause, count(*)::int AS count FROM counters t CROSS JOIN LATERAL (${failedOfDay('t.tenant_id')}) AS failed
 GROUP BY failed.cause ORDER BY count DESC, failed.cause LIMIT 10000`

/** Counts over all tenants what failed within 24 hours and is still failed; most frequent first. */
export async function readFailureCounts(pool: pg.Pool): Promise<readonly FailureCount[]> {
  const { rows } = await pool.query<FailureCount>(READ)
  const others = rows.slice(MAX_CAUSES)
  if (others.length === 0) return rows
  return [
    ...rows.slice(0, MAX_CAUSES),
    { cause: OTHER_CAUSES, count: others.reduce((sum, { count }) => sum + count, 0) },
  ]
}

/** How often each code occurred, and how often all did. */
export interface CountsByCode {
  readonly count: number
  /** The most frequent ones. */
  readonly byCode: Readonly<Record<string, number>>
}

const MAX_CODES = 100

/** $1 tenant */
const READ_DAY = `
SELECT cause AS code, count(*)::int AS count, sum(count(*)) OVER ()::int AS "all" FROM (${failedOfDay('$1')}) AS failed
 GROUP BY cause ORDER BY count DESC, cause LIMIT ${MAX_CODES}`

/** Counts by cause what failed within 24 hours and is still failed. */
export async function readFailedOfDay(pool: pg.Pool, tenantId: string): Promise<CountsByCode> {
  return toCounts((await pool.query<CodeRow>(READ_DAY, [tenantId])).rows)
}

/** The key of those whose report has no code. */
const NO_CODE = 'none'

/** $1 tenant */
const READ_BOUNCED = `
WITH codes AS (
  SELECT coalesce(o.code, '${NO_CODE}') AS code, sum(o.places)::int AS count FROM recipient_outcomes o
   WHERE o.tenant_id = $1 AND o.delivery = 'failed' AND o.at > mail_now() - interval '24 hours' GROUP BY 1
)
SELECT code, count, sum(count) OVER ()::int AS "all" FROM codes ORDER BY count DESC, code LIMIT ${MAX_CODES}`

/** Counts by code the recipients that were not reached within 24 hours. */
export async function readBouncedOfDay(pool: pg.Pool, tenantId: string): Promise<CountsByCode> {
  return toCounts((await pool.query<CodeRow>(READ_BOUNCED, [tenantId])).rows)
}

/** $1 tenant */
const READ_QUARANTINED = `
SELECT coalesce(sum(o.places), 0)::int AS count FROM recipient_outcomes o
 WHERE o.tenant_id = $1 AND o.delivery = 'quarantined' AND o.at > mail_now() - interval '24 hours'`

/** Counts the recipients whose message was put into quarantine within 24 hours. */
export async function readQuarantinedOfDay(pool: pg.Pool, tenantId: string): Promise<number> {
  return (await pool.query<{ count: number }>(READ_QUARANTINED, [tenantId])).rows[0]?.count ?? 0
}

interface CodeRow {
  readonly code: string
  readonly count: number
  readonly all: number
}

function toCounts(rows: readonly CodeRow[]): CountsByCode {
  return { count: rows[0]?.all ?? 0, byCode: Object.fromEntries(rows.map(({ code, count }) => [code, count])) }
}
