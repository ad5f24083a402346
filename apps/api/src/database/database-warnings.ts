import { isLoopback } from '@inforiver-mail/m365/loopback'
import pg from 'pg'
import { inTransaction, withClient } from './transaction.ts'

/** Warns of dangerous settings of the database, in a sentence each. */
export async function databaseWarnings(pool: pg.Pool, connectionString: string): Promise<string[]> {
  const warnings: string[] = []
  // pg combines the address with variables of its own, such as PGSSLMODE.
  const { host, ssl } = new pg.Client({ connectionString })
  if (!ssl && !host.startsWith('/') && !isLoopback(host)) {
    warnings.push(
      'DATABASE_URL leads to another machine without TLS: everything sent to the database can be read on the way. Add ?sslmode=verify-full, after switching TLS on in that server',
    )
  }
  const { rows } = await pool.query<{ synchronous_commit: string }>('SHOW synchronous_commit')
  if (rows[0]?.synchronous_commit === 'off') {
    warnings.push(
      'synchronous_commit is off in the database: if its server fails, accepted messages can be lost and sent ones be sent again. Switch it on, in postgresql.conf or with ALTER DATABASE or ALTER ROLE',
    )
  }
  if (await isShared(pool)) {
    warnings.push(
      'DATABASE_URL leads through a connection pooler in transaction mode: settings of a connection are lost, so that statements take long beside many messages, and mail waits up to a second for a worker. Connect to the server itself, or set the pooler to session mode',
    )
  }
  return warnings
}

/** Whether two connections share sessions of the server: one of them gets another session while the other has its own. */
async function isShared(pool: pg.Pool): Promise<boolean> {
  return withClient(pool, async (one) => {
    const before = await sessionOf(one)
    const after = await inTransaction(pool, async (other) => {
      await sessionOf(other)
      return sessionOf(one)
    })
    return after !== before
  })
}

async function sessionOf(client: pg.PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid
}
