import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from './generated/client.ts'
import { KEEP_ALIVE } from './keep-alive.ts'
import { migrate } from './migrate.ts'
import { PooledClient } from './pooled-client.ts'
import { withRetriedStatements, withRetriedTransactions } from './transaction.ts'

const POOL_SIZE = 20
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000
const STATEMENT_TIMEOUT_MS = 30_000
/** Ends the wait for a server or network that hangs, where not even PostgreSQL's own timeout reaches us. */
const SILENCE_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000
/** Bounds how long a process that hangs within a transaction keeps its locks, for which the submits of a tenant wait. */
const IDLE_IN_TRANSACTION_MS = 5_000
const TRANSACTION_TIMEOUT_MS = 10_000
/** Bounds the short statements that every request waits for. */
export const QUICK_TIMEOUT_MS = 5_000

export interface Database {
  readonly pool: pg.Pool
  readonly prisma: PrismaClient
  close(): Promise<void>
}

/**
 * Has plans use indexes even while a table is small: a prepared statement keeps its plan while the table grows to
 * millions. Where nothing but a scan is possible, its cost would have the statement compiled each time, hence no JIT.
 * One plan is kept from the first run on, for statements within triggers too: PostgreSQL takes a plan for the very values,
 * which are few, for cheaper, and would make one for each run of the statements with the most nodes.
 * Times arrive in the one format that can be read, whatever the database or the role prefers. Each statement sees what
 * others have committed before, which leases and limits need, and waits for their locks until it times out.
 */
export async function setUpSession(client: pg.ClientBase): Promise<void> {
  await client.query(
    `SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan; SET datestyle = 'ISO';
     SET default_transaction_isolation = 'read committed'; SET lock_timeout = 0`,
  )
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
  const pool = withRetriedStatements(
    new pg.Pool({
      Client: PooledClient,
      connectionString,
      max: POOL_SIZE,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: SILENCE_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool awaits it, although its type does not say so
      onConnect: setUpSession,
      ...KEEP_ALIVE,
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
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
