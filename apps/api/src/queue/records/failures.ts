import type pg from 'pg'
import { causeOf } from '../../database/failed-alert.sql.ts'

/** The most causes that metrics tell apart. Microsoft may answer with any code. */
const MAX_CAUSES = 20
const OTHER_CAUSES = 'other'
const MAX_CODES = 100
/** More are not counted. */
const MAX_FAILED = 100_000

export interface FailureCount {
  /** Microsoft's code, else that of the problem; `other` for all but the most frequent. */
  readonly cause: string
  readonly count: number
}

/** How often each code occurred, and how often all did. */
export interface CountsByCode {
  readonly count: number
  /** The most frequent ones. */
  readonly byCode: Readonly<Record<string, number>>
}

/** A query that counts by cause what failed within 24 hours and has not been retried. @param tenants SQL for rows of `tenant_id` */
function failedOfDay(tenants: string): string {
  return `
SELECT failed.cause AS code, count(*)::int AS count, sum(count(*)) OVER ()::int AS "all"
  FROM (${tenants}) AS t CROSS JOIN LATERAL (
    SELECT ${causeOf('m.problem')} AS cause FROM messages m
     WHERE m.tenant_id || '' = t.tenant_id AND m.failed_at > mail_now() - interval '24 hours' LIMIT ${MAX_FAILED}) AS failed
 GROUP BY failed.cause ORDER BY count DESC, failed.cause LIMIT ${MAX_CODES}`
}

const READ = failedOfDay('SELECT tenant_id FROM counters')

/** Counts over all tenants what failed within 24 hours and is still failed; most frequent first. */
export async function readFailureCounts(pool: pg.Pool): Promise<readonly FailureCount[]> {
  const { rows } = await pool.query<CodeRow>(READ)
  const causes = rows.slice(0, MAX_CAUSES).map(({ code, count }) => ({ cause: code, count }))
  const others = causes.reduce((left, { count }) => left - count, rows[0]?.all ?? 0)
  return others === 0 ? causes : [...causes, { cause: OTHER_CAUSES, count: others }]
}

const READ_DAY = failedOfDay('SELECT $1::text AS tenant_id')

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
