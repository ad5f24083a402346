import type pg from 'pg'

const CHECK_LOCK = 719_283_014

/**
 * Returns a function that takes the only place for a check, over all processes of a database: a lock of the session of
 * one connection, which ends with the process. It resolves to what gives the place back, or to null.
 */
export function createCheckPlace(pool: pg.Pool): () => Promise<(() => Promise<void>) | null> {
  return async () => {
    const client = await pool.connect()
    client.on('error', () => {}) // a broken connection has given the place back
    try {
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [CHECK_LOCK])
      if (rows[0]?.taken === true) return () => giveBack(client)
    } catch (error) {
      client.release(true)
      throw error
    }
    client.release(true)
    return null
  }
}

async function giveBack(client: pg.PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_unlock($1)', [CHECK_LOCK]).catch(() => {})
  client.release(true)
}
