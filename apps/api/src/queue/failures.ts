import type pg from 'pg'

/** The most causes that are told apart. Microsoft may answer with any code. */
const MAX_CAUSES = 20
const OTHER_CAUSES = 'other'

export interface FailureCount {
  /** Microsoft's code, else that of the problem; `other` for all but the most frequent. */
  readonly cause: string
  readonly count: number
}

/** Triggers keep failure_counts, whoever writes unsent_messages. */
const READ = `
SELECT cause, sum(messages)::int AS count FROM failure_counts
 WHERE hour > mail_now() - interval '24 hours'
 GROUP BY cause ORDER BY count DESC, cause LIMIT 10000`

/** Counts over all tenants what failed in this hour and the 23 before, and has not been retried; most frequent first. */
export async function readFailureCounts(pool: pg.Pool): Promise<readonly FailureCount[]> {
  const { rows } = await pool.query<FailureCount>(READ)
  const others = rows.slice(MAX_CAUSES)
  if (others.length === 0) return rows
  return [
    ...rows.slice(0, MAX_CAUSES),
    { cause: OTHER_CAUSES, count: others.reduce((sum, { count }) => sum + count, 0) },
  ]
}
