import { isLoopback } from '@inforiver-mail/m365/loopback'
import pg from 'pg'
import type { Timers } from '../runtime/clock.ts'
import { inTransaction, withClient } from './transaction.ts'

/** A session of its own answers within this time. */
const ANSWER_WITHIN_MS = 2_000

/** Warns of dangerous settings of the database, in a sentence each. */
export async function databaseWarnings(
  pool: pg.Pool,
  connectionString: string,
  timers: Pick<Timers, 'after'>,
): Promise<string[]> {
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
  if (await isShared(pool, timers)) {
    warnings.push(
      'DATABASE_URL leads through a connection pooler in transaction mode: settings of a connection are lost, so that statements take long beside many messages, and mail waits up to a second for a worker. Connect to the server itself, or set the pooler to session mode',
    )
  }
  return warnings
}

/** False where it cannot be found out: a warning is not worth a start. */
async function isShared(pool: pg.Pool, timers: Pick<Timers, 'after'>): Promise<boolean> {
  try {
    const found = await compareSessions(pool, timers)
    // A busy server may answer late once, a pooler without a free session always does.
    return found === 'late' ? (await compareSessions(pool, timers)) !== 'own' : found === 'other'
  } catch {
    return false
  }
}

/**
 * Which session of the server a connection has while another one has its own: behind a pooler in transaction mode it gets
 * another than before, or waits until the other connection gives its session back.
 */
async function compareSessions(pool: pg.Pool, timers: Pick<Timers, 'after'>): Promise<'own' | 'other' | 'late'> {
  return withClient(pool, async (one) => {
    const before = await sessionOf(one)
    let after = Promise.resolve(before)
    const isAnswered = await inTransaction(pool, async (other) => {
      await sessionOf(other)
      after = sessionOf(one)
      const late = Promise.withResolvers<boolean>()
      const cancel = timers.after(ANSWER_WITHIN_MS, () => late.resolve(false))
      return Promise.race([after.then(() => true), late.promise]).finally(cancel)
    })
    if ((await after) !== before) return 'other'
    return isAnswered ? 'own' : 'late'
  })
}

async function sessionOf(client: pg.PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid
}
