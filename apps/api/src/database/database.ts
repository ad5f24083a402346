import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './generated/client.ts'
import { KEEP_ALIVE } from './keep-alive.ts'
import { migrate } from './migrations/migrate.ts'
import { PooledClient } from './pooled-client.ts'
import { withRetriedStatements, withRetriedTransactions } from './transaction.ts'

/**
 * A process also has up to four connections outside of this pool, and PgBouncer lends 20 to one database unless it is told
 * otherwise: a process that needs more would wait for itself.
 */
const POOL_SIZE = 14
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000
const STATEMENT_TIMEOUT_MS = 30_000
/** Ends the wait for a server or network that hangs, where not even PostgreSQL's own timeout reaches us. */
const SILENCE_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000
/** Bounds how long a process that hangs within a transaction keeps its locks, for which the submits of a tenant wait. */
export const IDLE_IN_TRANSACTION_MS = 4_000
/**
 * Somebody else's lock on a table is answered within 10 s, also where a request first waited for a connection, or for the
 * batch before its own. A process that hangs has lost its locks by then.
 */
export const LOCK_TIMEOUT_MS = 4_500
const TRANSACTION_TIMEOUT_MS = 10_000
/** Bounds the short statements that every request waits for. */
export const QUICK_TIMEOUT_MS = 5_000

export interface Database {
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  /** Opens a connection outside of the pool, to find out whether the server still accepts one. */
  connect(): Promise<pg.Client>
  close(): Promise<void>
}

/**
 * Has plans use indexes even while a table is small: a prepared statement keeps its plan while the table grows to
 * millions. Where nothing but a scan is possible, its cost would have the statement compiled each time, hence no JIT.
 * One plan is kept from the first run on, for statements within triggers too: PostgreSQL takes a plan for the very values,
 * which are few, for cheaper, and would make one for each run of the statements with the most nodes.
 * Times arrive in the one format that can be read, and a backslash in a string is one, whatever the database or the role
 * prefers. Each statement sees what others have committed before, which leases and limits need.
 *
 * PgBouncer refuses a connection that asks for any of this as it starts.
 */
export async function setUpSession(client: pg.ClientBase): Promise<void> {
  const statement = {
    text: `SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan; SET datestyle = 'ISO';
     SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed';
     SET statement_timeout = ${STATEMENT_TIMEOUT_MS}; SET lock_timeout = ${LOCK_TIMEOUT_MS};
     SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
    query_timeout: CONNECT_TIMEOUT_MS, // a pooler without a free connection of the server answers nothing
  }
  await client.query(statement)
}

/**
 * Applies pending migrations, then connects. One pool serves Prisma and the hand-written statements. `onMigration`
 * receives the progress of migrations.
 */
export async function openDatabase(
  connectionString: string,
  onPoolError: (error: Error) => void,
  onMigration: (message: string) => void = () => {},
): Promise<Database> {
  await migrate(connectionString, { onProgress: onMigration })
  return connectDatabase(connectionString, onPoolError)
}

/** Connects to a database as it is. The first statement shows whether it can be reached. */
export function connectDatabase(connectionString: string, onPoolError: (error: Error) => void): Database {
  const address = { connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...KEEP_ALIVE }
  const pool = withRetriedStatements(
    new pg.Pool({
      ...address,
      Client: PooledClient,
      max: POOL_SIZE,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      query_timeout: SILENCE_TIMEOUT_MS,
      // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool awaits it, although its type does not say so
      onConnect: setUpSession,
    }),
  )
  pool.on('error', onPoolError) // without a listener, a broken idle connection would end the process
  // The other formats read our source files at every error, to quote them.
  const prisma = withRetriedTransactions(
    new PrismaClient({
      adapter: new PrismaPg(pool),
      errorFormat: 'minimal',
      transactionOptions: { maxWait: CONNECT_TIMEOUT_MS, timeout: TRANSACTION_TIMEOUT_MS },
    }),
  )
  return {
    pool,
    prisma,
    async connect() {
      const client = new pg.Client({ ...address, query_timeout: QUICK_TIMEOUT_MS })
      client.on('error', () => {}) // a broken connection emits an error in addition to failing its statement
      try {
        await client.connect()
        await setUpSession(client)
        return client
      } catch (error) {
        await client.end().catch(() => {})
        throw error
      }
    },
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
