import type pg from 'pg'
import { withClient } from '../../database/transaction.ts'

/** Has an index give the order of rows: a planner that takes the table for small would sort all of the tenant for the first. */
export const IN_ORDER = 'SET LOCAL enable_sort = off'
/** Has a plan made for the very values: whether few texts contain a word or most decides which index is the fastest. */
export const FOR_VALUES = 'SET LOCAL plan_cache_mode = force_custom_plan'

/** Reads rows under a setting of the planner that no other statement has. */
export function readPlanned<Row extends pg.QueryResultRow>(
  pool: Pick<pg.Pool, 'connect'>,
  setting: typeof IN_ORDER | typeof FOR_VALUES,
  text: string,
  values: unknown[],
): Promise<pg.QueryResult<Row>> {
  return withClient(pool, async (client) => {
    await client.query(`BEGIN READ ONLY; ${setting}`)
    const result = await client.query<Row>(text, values)
    await client.query('COMMIT')
    return result
  })
}

/** How many rows the planner expects of a query. Nothing is read for it. */
export async function expectRows(pool: Pick<pg.Pool, 'query'>, text: string, values: unknown[]): Promise<number> {
  const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) ${text}`,
    values,
  )
  return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
}
