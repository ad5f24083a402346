import type pg from 'pg'

/** What time it is by the clock of the database, which the queue follows: the same for all processes. */
export function createDatabaseClock(pool: pg.Pool): () => Promise<Date> {
  return async () => {
    const { rows } = await pool.query<{ now: Date }>('SELECT mail_now() AS now')
    const [row] = rows
    if (!row) throw new Error('The database does not say what time it is.')
    return row.now
  }
}
