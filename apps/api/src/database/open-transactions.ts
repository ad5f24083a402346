import type pg from 'pg'
import { Gauge, type Registry } from 'prom-client'
import type { OpenTransactions } from '../domain/database-finding.ts'
import { QUICK_TIMEOUT_MS } from './database.ts'

/** The name of the session that makes a backup. Its transaction stays open for as long as that takes. */
export const BACKUP_SESSION = 'inforiver-mail backup'

/** Sessions of other programs and of the product, this one and a backup excepted. */
const SESSIONS = `pg_stat_activity
 WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
   AND application_name IS DISTINCT FROM '${BACKUP_SESSION}'`

/** Of a transaction that has no snapshot and has written nothing, PostgreSQL keeps nothing. */
const KEEPS_ROWS = `backend_type = 'client backend' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)`

const AGE = 'extract(epoch FROM clock_timestamp() - xact_start)::float8'

/** PostgreSQL shows this in place of the statement of a session that our role may not see. */
const HIDDEN = `query = '<insufficient privilege>'`

const LISTED = `
SELECT pid, usename AS "user", application_name AS application, host(client_addr) AS address, ${AGE} AS "ageSeconds"
  FROM ${SESSIONS} AND ${KEEPS_ROWS} AND xact_start < clock_timestamp() - make_interval(secs => $1)
 ORDER BY xact_start`

/** Finds the transactions that have been open for longer than this, the oldest first. */
export async function readOpenTransactions(pool: pg.Pool, longerThanSeconds: number): Promise<OpenTransactions> {
  const { rows: old } = await pool.query<OpenTransactions['old'][number]>(LISTED, [longerThanSeconds])
  const { rows } = await pool.query<{ role: string; hidden: number }>(
    `SELECT quote_ident(current_user) AS role, (SELECT count(*)::int FROM ${SESSIONS} AND ${HIDDEN}) AS hidden`,
  )
  return { old, hiddenSessions: rows[0]?.hidden ?? 0, role: rows[0]?.role ?? '' }
}

/** Shows for how long the oldest transaction has been open: 0 where none is, and nothing while the database is away. */
export function measureOldestTransaction(registry: Registry, pool: pg.Pool): void {
  const gauge: Gauge = new Gauge({
    name: 'inforiver_mail_database_oldest_transaction_seconds',
    help: 'How long the oldest transaction in the database has been open, other than that of a backup.',
    registers: [registry],
    async collect() {
      const seconds = await readOldest(pool).catch(() => null)
      if (seconds === null) gauge.remove()
      else gauge.set(seconds)
    },
  })
}

async function readOldest(pool: pg.Pool): Promise<number> {
  const statement = {
    text: `SELECT coalesce(max(${AGE}), 0) AS seconds FROM ${SESSIONS} AND ${KEEPS_ROWS}`,
    query_timeout: QUICK_TIMEOUT_MS,
  }
  const { rows } = await pool.query<{ seconds: number }>(statement)
  return rows[0]?.seconds ?? 0
}
