import type pg from 'pg'
import { withClient } from './transaction.ts'

// The extension of PostgreSQL by which texts are found. Whoever administers the database may refuse it.

/** The account may not, or the server does not have the extension or does not allow it. */
const REFUSALS: ReadonlySet<unknown> = new Set(['42501', '0A000', '58P01'])

const CREATE = 'CREATE EXTENSION IF NOT EXISTS pg_trgm'

/** What PostgreSQL says where it refuses the extension; null for any other fault. */
export function refusalOf(error: unknown): string | null {
  return REFUSALS.has((error as { code?: unknown }).code) ? (error as Error).message : null
}

export async function createTrigrams(pool: pg.Pool): Promise<void> {
  await pool.query(CREATE)
}

/** Whether the extension is there and may be used, or can be created: that is tried, and rolled back. */
export async function allowsTrigrams(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ mayUse: boolean }>(
    `SELECT has_schema_privilege(extnamespace, 'USAGE') AS "mayUse" FROM pg_extension WHERE extname = 'pg_trgm'`,
  )
  if (rows[0]) return rows[0].mayUse
  try {
    await withClient(pool, (client) => client.query(`BEGIN; ${CREATE}; ROLLBACK`))
    return true
  } catch (error) {
    return refusalOf(error) === null
  }
}
