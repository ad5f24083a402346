import type pg from 'pg'

/** One that is still running by then is taken to be cut off: another process may run it. */
const LEASE = `interval '10 minutes'`
const EVERY = `interval '1 minute'`

export type TaskStore = ReturnType<typeof createTaskStore>

/** $1 names */
const ADD = `INSERT INTO background_tasks (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`

/**
 * Those that waited longest come first. A time far ahead was written before the clock of the database was set back.
 * $1 names, $2 lease, $3 limit
 */
const CLAIM = `
WITH due AS MATERIALIZED (
  SELECT t.name FROM background_tasks t CROSS JOIN LATERAL (SELECT CASE WHEN t.lease IS NULL THEN ${EVERY} ELSE ${LEASE} END AS wait) AS w
   WHERE t.name = ANY ($1::text[])
     AND (t.begun_at IS NULL OR t.begun_at <= mail_now() - w.wait OR t.begun_at > mail_now() + w.wait)
   ORDER BY t.begun_at NULLS FIRST LIMIT $3 FOR UPDATE OF t SKIP LOCKED
)
UPDATE background_tasks t SET begun_at = mail_now(), lease = $2 FROM due WHERE t.name = due.name
RETURNING t.name`

/** $1 names, $2 lease */
const RELEASE = `UPDATE background_tasks SET lease = NULL WHERE name = ANY ($1::text[]) AND lease = $2`

export function createTaskStore(pool: pg.Pool) {
  return {
    /** Makes tasks known. What is known already is run when it is due, however often processes start. */
    async add(names: readonly string[]): Promise<void> {
      await pool.query(ADD, [names])
    },
    /** Claims tasks that are due, and returns their names. */
    async claim(names: readonly string[], lease: string, limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ name: string }>(CLAIM, [names, lease, limit])
      return rows.map(({ name }) => name)
    },
    /** Gives tasks back that are still under this lease. */
    async release(names: readonly string[], lease: string): Promise<void> {
      await pool.query(RELEASE, [names, lease])
    },
  }
}
