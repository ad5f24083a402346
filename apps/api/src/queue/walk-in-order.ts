import type pg from 'pg'
import { withClient } from '../database/transaction.ts'

/** Has an index give the order of rows: a planner that takes the table for small would sort all of the tenant for the first. */
export const WALK_IN_ORDER = 'SET LOCAL enable_sort = off'

/** Reads rows in the order of an index, as many as a statement asks for. */
export function readInOrder<Row extends pg.QueryResultRow>(
  pool: Pick<pg.Pool, 'connect'>,
  text: string,
  values: unknown[],
): Promise<pg.QueryResult<Row>> {
  return withClient(pool, async (client) => {
    await client.query(`BEGIN READ ONLY; ${WALK_IN_ORDER}`)
    const result = await client.query<Row>(text, values)
    await client.query('COMMIT')
    return result
  })
}
