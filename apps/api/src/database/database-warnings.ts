import { isLoopback } from '@inforiver-mail/m365/loopback'
import pg from 'pg'

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
  return warnings
}
