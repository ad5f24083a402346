import type pg from 'pg'

/**
 * Work on one connection of the pool. One on which it failed is closed, and with it whatever it had begun: nobody knows
 * what state it is in.
 */
export async function withClient<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  const ignore = () => {} // a connection that breaks emits an error besides failing its statement
  client.on('error', ignore)
  let failure: unknown = null
  try {
    return await work(client)
  } catch (error) {
    failure = error
    throw error
  } finally {
    client.off('error', ignore)
    client.release(failure !== null)
  }
}

/** All of it, or nothing. */
export function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return withClient(pool, async (client) => {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  })
}
