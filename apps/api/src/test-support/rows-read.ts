import type pg from 'pg'

/**
 * Counts what work reads of some tables on the one connection of a pool: rows, and pages of indexes, which tell that an index
 * was read from end to end.
 */
export function countingReads(
  pool: pg.Pool,
  tables: readonly string[],
): (work: () => Promise<unknown>) => Promise<number> {
  async function count(): Promise<number> {
    await pool.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await pool.query<{ read: number }>(
      `SELECT sum(t.seq_tup_read + t.idx_tup_fetch + i.idx_blks_hit + i.idx_blks_read)::int AS read
         FROM pg_stat_user_tables t JOIN pg_statio_user_tables i USING (relid) WHERE t.relname = ANY ($1)`,
      [tables],
    )
    return rows[0]?.read ?? 0
  }

  return async (work) => {
    const before = await count()
    await work()
    return (await count()) - before
  }
}
