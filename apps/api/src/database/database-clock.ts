import type pg from 'pg'

/** Reads the clock of the database, which the queue uses and all processes share. */
export function createDatabaseClock(pool: pg.Pool): () => Promise<Date> {
  return async () => {
    const { rows } = await pool.query<{ now: Date }>('SELECT mail_now() AS now')
    const [row] = rows
    if (!row) throw new Error('The database did not return its time.')
    return row.now
  }
}
